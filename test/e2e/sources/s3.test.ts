import {
  CreateBucketCommand,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { S3Source } from "../../../components/sources/s3-source";
import { SourceStack } from "./source-stack";

const trips = readFileSync(join(__dirname, "../../../data/taxis.csv"));
const theirs = "theirs";

describe("s3 source on the laptop", function () {
  this.timeout(60_000);
  let world: SourceStack;
  let bucket: string;
  let schedule = "rate(1 day)";

  before(async function () {
    const started = await SourceStack.start((common) => {
      new S3Source("files", { ...common, source: "files", settings: { kind: "s3" } });
      new S3Source("partner", {
        ...{ ...common, source: "partner" },
        settings: { kind: "s3", bucket: `arn:aws:s3:::${theirs}`, prefix: "trips/", schedule },
      });
    });
    if (!started) return this.skip(); // this machine has no Pulumi CLI
    world = started;
    await world.s3.send(new CreateBucketCommand({ Bucket: theirs }));
    await world.stack.up();
    bucket = await world.bucket();
  });

  after(() => world?.stop());

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await world.stack.refresh({ expectNoChanges: true });
    await world.stack.up({ expectNoChanges: true });
  });

  it("lands a dropped file by its event, whatever its name is", async () => {
    await world.put(bucket, "incoming/files/2019 März/tri+ps & %41?.csv.gz", gzipSync(trips));
    const [manifest] = await world.landed("files", 1);
    expect(manifest).to.include({
      ...{ source: "files", rows: 6433, format: "csv" },
      origin: `s3://${bucket}/incoming/files/2019 März/tri+ps & %41?.csv.gz`,
    });
    expect(manifest?.object).to.match(/^raw\/files\/\d{4}-\d\d-\d\d\/tri-ps-41-[0-9a-f]{16}\.csv\.gz$/);
  });

  it("sets a bad file aside by its event, and announces it", async () => {
    await world.put(bucket, "incoming/files/bad.csv", "a,b\n1,2\n");
    for (let found: unknown[] = []; found.length === 0;) found = await world.setAside("files");
    const [note] = await world.setAside("files");
    expect(note?.reason).to.match(/^s3:.*bad\.csv has no column 'pickup'/);
  });

  it("lands nothing a second time when it lists", async () => {
    const answer = await world.run("files");
    expect(answer).to.deep.equal({ source: "files", landed: [], setAside: [] });
  });

  it("finds by listing what no event told of, in a bucket elsewhere, below the prefix only", async () => {
    await world.put(theirs, "trips/a.csv", trips);
    await world.put(theirs, "trips/_SUCCESS", "done");
    await world.put(theirs, "private/b.csv", trips);
    const first = await world.run("partner");
    expect(first.landed.map(({ origin, rows }) => [origin, rows])).to.deep.equal([
      ["s3://theirs/trips/a.csv", 6433],
    ]);
    const more = Buffer.concat([trips, trips.subarray(trips.indexOf("\n") + 1)]);
    await world.put(theirs, "trips/a.csv", more);
    expect((await world.run("partner")).landed.map(({ rows }) => rows)).to.deep.equal([12_866]);
  });

  it("lands a file of many parts", async () => {
    const rows = trips.subarray(trips.indexOf("\n") + 1);
    const large = Buffer.concat([trips, ...Array.from({ length: 60 }, () => rows)]);
    await world.put(theirs, "trips/large.csv", large);
    const { landed } = await world.run("partner");
    expect(landed.map(({ rows: count, bytes }) => [count, bytes])).to.deep.equal([[61 * 6433, large.length]]);
  });

  it("may read what is dropped for it and write what is its own, no more", async () => {
    const own = `arn:aws:s3:::${bucket}`;
    const allowed = {
      "s3:GetObject": [`${own}/incoming/files/a.csv`, `${own}/raw/files/a.csv`],
      "s3:PutObject": [
        `${own}/raw/files/a.csv`,
        `${own}/rejected/files/a.csv`,
        `${own}/sources/files/state.json`,
      ],
      "s3:DeleteObject": [`${own}/raw/files/a.csv`],
    };
    const denied = {
      "s3:GetObject": [
        `${own}/incoming/other/a.csv`,
        `${own}/releases/r/artifact.json`,
        `${own}/raw/partner/a.csv`,
      ],
      "s3:PutObject": [`${own}/incoming/files/a.csv`, `${own}/raw/partner/a.csv`, `${own}/snapshots/s/a.csv`],
      "s3:DeleteObject": [`${own}/incoming/files/a.csv`, `${own}/rejected/files/a.csv`],
    };
    expect(await world.decisions("files", allowed)).to.deep.equal(Array(6).fill("allowed"));
    expect(await world.decisions("files", denied)).to.deep.equal(Array(8).fill("implicitDeny"));
  });

  it("changes a schedule in place, and turns events on again that somebody has turned off", async () => {
    const Bucket = bucket;
    await world.s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }),
    );
    expect((await world.stack.refresh()).summary.resourceChanges).to.include({ update: 1 });
    schedule = "cron(0 6 * * ? *)";
    expect((await world.stack.up()).summary.resourceChanges).to.include({ update: 2 });
    const found = await world.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(found.EventBridgeConfiguration).not.to.equal(undefined);
    await world.stack.up({ expectNoChanges: true });
  });

  it("is gone when it is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.deep.equal([]);
  });
});
