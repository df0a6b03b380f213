import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer } from "../../automation/prediction";
import { root } from "./laptop";
import { Workshop } from "./workshop";

interface Released {
  release: string;
  trained: boolean;
}

interface Known {
  release: string;
  state: string;
  artifact: string;
}

/** Releases that fail on the laptop's serverless endpoint. What is served stays, the command and a mail say why. */
describe("a release with a fault", function () {
  this.timeout(240_000);
  const workshop = new Workshop();
  const releases: string[] = [];

  before(async () => {
    workshop.change(0);
    releases.push((await workshop.json<Released>("demo")).release);
  });
  after(() => workshop.remove());

  /** Releases, which must fail with `code` and say `told`, and leave in service what was. */
  async function expectFailure(code: number, told: RegExp, args = ["release", "local"]): Promise<void> {
    const ended = await workshop.slipway(args);
    expect(ended.code, ended.stderr + ended.stdout).to.equal(code);
    expect(ended.stderr + ended.stdout)
      .to.match(told)
      .and.not.to.match(/^ {4}at /m);
    const served = releases.at(-1);
    expect((await workshop.json<{ release: string }>("status", "local")).release).to.equal(served);
    expect((await workshop.json<Answer>("predict", "local")).release).to.equal(served);
  }

  it("is rejected before anything is deployed when its container does not start", async () => {
    workshop.change(1);
    workshop.plant("crash");
    await expectFailure(3, /planted: cannot start/);
    const mail = await workshop.mail(({ attributes }) => attributes.kind === "release.rejected");
    expect(mail.body).to.include("planted: cannot start").and.to.include(releases.at(-1));
  });

  it("is put back when it is healthy but does not answer as it did when it was judged", async () => {
    workshop.change(2);
    workshop.plant("wrong");
    await expectFailure(1, /smoke test of release \w+ failed: it answers .* it answered/);
    const mail = await workshop.mail(({ attributes }) => attributes.kind === "release.rolledback");
    expect(mail.body).to.include("it answered").and.to.include(releases.at(-1));
    const { changes } = await workshop.json<{ changes: object }>("up", "local");
    expect(Object.keys(changes), "Pulumi's state says what is served").to.deep.equal(["same"]);
  });

  it("ends with the container's words when its training fails", async () => {
    workshop.change(3);
    workshop.plant("fail");
    await expectFailure(1, /train job .* failed: .*planted: cannot train/);
  });

  it("ends when its training does not, by the stack's limit", async () => {
    workshop.change(4);
    workshop.plant("hang");
    workshop.configure("local", { maxRuntimeInSeconds: 12 });
    await expectFailure(1, /train job .* stopped: .*(MaxRuntime|longer|time)/i);
    workshop.configure("local", { maxRuntimeInSeconds: 3600 });
  });

  it("works again once the fault is out", async () => {
    workshop.plant(undefined);
    workshop.change(5);
    releases.push((await workshop.json<Released>("release", "local")).release);
    expect((await workshop.json<Answer>("predict", "local")).release).to.equal(releases.at(-1));
  });

  it("is not deployed when its artifact is not the one that was judged", async () => {
    const known = await workshop.json<Known[]>("releases", "local");
    const { artifact } = known.find(({ release }) => release === releases[0])!;
    const { hostname: Bucket, pathname } = new URL(artifact);
    const s3 = new S3Client(await workshop.client("s3"));
    await s3.send(new PutObjectCommand({ Bucket, Key: pathname.slice(1), Body: "spoiled" }));
    await expectFailure(1, /artifact of release \w+ is not what was trained/, ["rollback", "local"]);
  });

  it("is deployed again from what is stored, without training, when its commit is reverted", async () => {
    workshop.change(6);
    const newer = await workshop.json<Released>("release", "local");
    workshop.change(5);
    const { release, trained } = await workshop.json<Released>("release", "local");
    expect(newer.release).not.to.equal(release);
    expect({ release, trained }).to.deep.equal({ release: releases.at(-1), trained: false });
    expect((await workshop.json<Answer>("predict", "local")).release).to.equal(release);
  });

  it("is rejected when it differs from what is served by chance only", async () => {
    workshop.change(8); // the same data and settings, another seed
    workshop.configure("local", { gateRequire: "better" });
    await expectFailure(3, /must lie below 0, so that no luck is taken for progress/);
    workshop.configure("local", { gateRequire: "not-worse" });
    workshop.change(5);
  });

  it("is foretold by diff, which changes nothing", async () => {
    interface Diff {
      release: string;
      trains: boolean;
      deploys: boolean;
      served: string;
      data: { what: string }[];
      shift: { column: string; index: number }[];
      hyperparameters: { what: string; before: string; after: string }[];
      infrastructure: { resources: string[] };
    }
    const nothing = await workshop.json<Diff>("diff", "local");
    expect(nothing).to.deep.include({
      trains: false,
      deploys: false,
      data: [],
      shift: [],
      hyperparameters: [],
    });

    workshop.change(7);
    const short = readFileSync(join(root, "data", "taxis.csv"), "utf8")
      .split("\n")
      .filter((line, index) => index === 0 || line.includes(",green,"));
    const Bucket = (await workshop.json<{ outputs: { dataBucket: string } }>("up", "local")).outputs
      .dataBucket;
    const s3 = new S3Client(await workshop.client("s3"));
    const Key = "raw/s3/2019-03-31/taxis.csv";
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: `${short.join("\n")}\n` }));
    const found = await workshop.json<Diff>("diff", "local");
    expect(found).to.deep.include({ trains: true, deploys: true, served: releases.at(-1) });
    expect(found.data.map(({ what }) => what)).to.deep.equal([Key]);
    expect(found.shift[0]?.column, JSON.stringify(found.shift)).to.be.oneOf([
      "color",
      "pickup_zone",
      "pickup_borough",
    ]);
    expect(found.shift[0]?.index).to.be.above(0.25);
    expect(found.hyperparameters).to.deep.equal([{ what: "seed", before: "5", after: "7" }]);
    const known = await workshop.json<Known[]>("releases", "local");
    expect(known.map(({ release }) => release)).not.to.include(found.release);
    expect((await workshop.json<Answer>("predict", "local")).release).to.equal(releases.at(-1));
  });
});
