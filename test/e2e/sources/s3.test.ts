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
const [header, ...lines] = trips.toString().split("\n");
const theirs = "theirs";

describe("s3 source on the laptop", function () {
  this.timeout(120_000);
  let world: SourceStack;
  let bucket: string;
  let schedule = "rate(1 day)";

  before(async function () {
    const started = await SourceStack.start((common) => {
      new S3Source("files", { ...common, source: "files", settings: { kind: "s3" } });
      new S3Source("partner", {
        ...{ ...common, source: "partner" },
        settings: {
          kind: "s3",
          bucket: `arn:aws:s3:::${theirs}`,
          prefix: "trips/",
          schedule,
          maxMegabytes: 100,
        },
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
    await world.stack.up({ refresh: true, expectNoChanges: true });
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

  /** Files that cannot be landed, and what is said of them. */
  const unfit: [name: string, content: string | Buffer, reason: RegExp][] = [
    [
      "missing.csv",
      "pickup,passengers,distance,color\n",
      /has no column 'fare', which is required; it has pickup/,
    ],
    [
      "renamed.csv",
      `${header!.replace("tip", "gratuity")}\n${lines[0]}\n`,
      /has a column 'gratuity' that schema/,
    ],
    ["half.csv", `${header}\n${lines[0]}\n"2019-03`, /ends within a quoted cell: it is cut off, .* row 2 /],
    ["half.csv.gz", gzipSync(trips).subarray(0, 5000), /is a gzip file that is cut off/],
    ["empty.csv", "", /is empty/],
    ["login.csv", "<!doctype html><title>Log in</title>", /is HTML or XML/],
  ];

  it("sets aside what cannot be landed, says which file and why, and lands what is sent in its place", async () => {
    const before = await world.snapshot("files");
    for (const [name, content] of unfit) await world.put(bucket, `incoming/files/${name}`, content);
    let notes: Record<string, unknown>[] = [];
    while (notes.length < unfit.length) notes = await world.setAside("files");
    for (const [name, , reason] of unfit) {
      const origin = `s3://${bucket}/incoming/files/${name}`;
      const note = notes.find((one) => one.origin === origin);
      expect(note?.reason, name)
        .to.match(reason)
        .and.satisfy((text: string) => text.startsWith(origin));
    }
    expect((await world.snapshot("files")).rows).to.deep.equal(before.rows);
    for (const [index, [name]] of unfit.entries()) {
      const right = `${header}\n${lines[index]!.replace("2019-", "2018-")}\n`; // and late
      await world.put(bucket, `incoming/files/${name}`, name.endsWith(".gz") ? gzipSync(right) : right);
    }
    await world.landed("files", 1 + unfit.length);
    const { rows } = await world.snapshot("files");
    expect(rows).to.deep.equal({
      ...before.rows,
      read: 6433 + unfit.length,
      kept: before.rows.kept + unfit.length,
    });
  });

  it("rejects a row with a value of another type, by object, row and field, and counts what comes twice once", async () => {
    const before = await world.snapshot("files");
    const poison = lines[1]!.replace(/^([^,]+,[^,]+),\d+/, "$1,two"); // passengers
    await world.put(bucket, "incoming/files/types.csv", `${header}\n${lines[0]}\n${poison}\n`);
    const landed = await world.landed("files", 2 + unfit.length);
    const manifest = landed.find(({ origin }) => String(origin).endsWith("types.csv"));
    const { rows, broken } = await world.snapshot("files");
    expect(rows).to.deep.equal({
      ...before.rows,
      ...{ read: before.rows.read + 2, rejected: 1, duplicates: before.rows.duplicates + 1 },
    });
    expect(broken.map(({ row, object }) => [row, object])).to.deep.equal([[2, manifest?.object]]);
    expect(broken[0]).to.have.nested.property("errors[0].field", "passengers");
  });

  it("lands nothing a second time when it lists, or is told again of a file", async () => {
    const nothing = { source: "files", landed: [], setAside: [] };
    expect(await world.run("files")).to.deep.equal(nothing);
    const detail = { object: { key: "incoming/files/types.csv" } };
    expect(await world.run("files", { "detail-type": "Object Created", detail })).to.deep.equal(nothing);
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

  it("lands a file of many parts, and sets aside one that is larger than the source takes", async () => {
    const rows = trips.subarray(trips.indexOf("\n") + 1);
    const large = Buffer.concat([trips, ...Array.from({ length: 60 }, () => rows)]);
    await world.put(theirs, "trips/large.csv", large);
    await world.put(theirs, "trips/larger.csv", Buffer.concat([large, large]));
    const { landed, setAside } = await world.run("partner");
    expect(landed.map(({ rows: count, bytes }) => [count, bytes])).to.deep.equal([[61 * 6433, large.length]]);
    expect(setAside.map(({ reason }) => reason)).to.deep.equal([
      `s3://theirs/trips/larger.csv has ${Math.ceil((2 * large.length) / 1e6)} MB, more than the 100 MB that the source takes: send it in parts, or raise its maxMegabytes (one run has 15 minutes)`,
    ]);
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
  });

  it("is gone when it is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.deep.equal([]);
  });
});
