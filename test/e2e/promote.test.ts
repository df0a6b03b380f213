import { DeleteObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer } from "../../automation/prediction";
import { type ReleaseRecord } from "../../automation/release/record";
import { root } from "./laptop";
import { Workshop } from "./workshop";

interface Outputs {
  dataBucket: string;
  imageUri: string;
}
interface Promoted {
  release: string;
  state: string;
  trained: boolean;
  deployed: boolean;
  image: string;
  promoted: ReleaseRecord["promoted"];
}
interface Status {
  release: string | null;
  image: string;
  model: { artifact: string };
}

/** Two stacks in one laptop cloud: `dev` makes a release, `main` takes it over. */
describe("a promotion", function () {
  this.timeout(480_000);
  const workshop = new Workshop({ SLIPWAY_TARGET: "laptop" });
  let dev: Outputs;

  before(async () => {
    workshop.change(1);
    const gate = { gateRequire: "not-worse" };
    workshop.configure("dev", gate);
    workshop.configure("main", {
      ...gate,
      apiAccessLogs: "account-role",
      alarmPeriodSeconds: 10,
      bakeSeconds: 10,
    });
    dev = (await workshop.json<{ outputs: Outputs }>("up", "dev")).outputs;
  });
  after(() => workshop.remove());

  const s3 = async () => new S3Client(await workshop.client("s3"));
  const promote = (...args: string[]) => workshop.slipway(["promote", ...args]);
  /** As the workflow does on a push to main. */
  const deploy = () => workshop.slipway(["release", "main", "--from", "dev", "--json"]);
  const status = (stack: string) => workshop.json<Status>("status", stack);

  it("says so when there is nothing to promote, or nowhere to go", async () => {
    const nothing = await promote("dev", "main");
    expect(nothing.code).to.equal(1);
    expect(nothing.stderr).to.contain("'dev' serves no release").and.contain("npx slipway release dev");
    const nowhere = await promote("dev", "dev");
    expect(nowhere.code).to.equal(1);
    expect(nowhere.stderr).to.contain("not promoted to itself");
  });

  it("copies image and model as they are, and waits where the other stack wants a person's yes", async () => {
    const Body = readFileSync(join(root, "data", "taxis.csv"));
    const Key = "raw/s3/2019-03-31/taxis.csv";
    await (await s3()).send(new PutObjectCommand({ Bucket: dev.dataBucket, Key, Body }));
    const { release } = await workshop.json<Promoted>("release", "dev");

    const { code, stdout, stderr } = await workshop.slipway(["promote", "dev", "main", "--json"]);
    expect(code, stderr + stdout).to.equal(4); // slipway:approval of main
    const answer = JSON.parse(stdout) as Promoted;
    expect(answer).to.deep.include({ release, state: "pending", trained: false });
    expect(answer.promoted).to.include({ from: "dev" });
    expect((await status("main")).release).to.equal(null);
    expect(stderr).not.to.match(/Training job|Processing job/);
  });

  it("lets main serve it: the same digest and artifact, in its own repository and bucket", async () => {
    await workshop.json("approve", "main");
    const [there, here] = [await status("dev"), await status("main")];
    expect(here.release).to.equal(there.release);
    const digest = (image: string) => image.split("@")[1];
    expect(digest(here.image)).to.equal(digest(there.image));
    expect(here.image).to.contain("/slipway-main@");
    expect(here.model.artifact).not.to.contain(dev.dataBucket);
    const answer = async (stack: string) => {
      const { predictions, release } = await workshop.json<Answer>("predict", stack);
      return { predictions, release };
    };
    expect(await answer("main")).to.deep.equal(await answer("dev"));
  });

  it("has nothing to do when it is asked again", async () => {
    const { code, stdout, stderr } = await workshop.slipway(["promote", "dev", "main", "--json"]);
    expect(code, stderr + stdout).to.equal(0);
    expect(JSON.parse(stdout)).to.include({ state: "served", deployed: false });
    expect(stderr).to.contain("is served already");
  });

  it("is what a deployment of main takes over, if it is made of the working tree; else what main had before", async () => {
    const first = (await status("main")).release;
    workshop.change(2);
    const nobody = await deploy();
    expect(nobody.code).to.equal(1);
    expect(nobody.stderr).to.contain("Neither dev nor main has a release that is made of what is here");
    expect(nobody.stderr).to.contain("raw/"); // main has no data of its own to make it from

    const second = (await workshop.json<Promoted>("release", "dev")).release;
    const waits = await deploy();
    expect(waits.code, waits.stderr + waits.stdout).to.equal(4);
    expect(JSON.parse(waits.stdout)).to.include({ release: second, state: "pending", trained: false });
    await workshop.json("approve", "main");

    workshop.change(1); // the commit is reverted
    const reverted = await deploy();
    expect(reverted.code, reverted.stderr + reverted.stdout).to.equal(0);
    expect(JSON.parse(reverted.stdout)).to.include({ release: first, deployed: true, trained: false });
    expect((await status("main")).release).to.equal(first);
    expect((await status("dev")).release).to.equal(second);
  });

  it("refuses a model that another schema.json than the one here belongs to", async () => {
    workshop.edit("model-image/schema.json", (text) =>
      text.replace('"description": "', '"description": "About: '),
    );
    const { code, stderr } = await promote("dev", "main");
    workshop.restore("model-image/schema.json");
    expect(code).to.equal(1);
    expect(stderr)
      .to.contain("another schema.json than the model-image/schema.json here")
      .and.contain("slipway release dev");
  });

  it("refuses an artifact that is not what was trained", async () => {
    const { hostname: Bucket, pathname } = new URL((await status("dev")).model.artifact);
    const Key = pathname.slice(1);
    const put = await (await s3()).send(new PutObjectCommand({ Bucket, Key, Body: "another model" }));
    const { code, stderr } = await promote("dev", "main");
    await (await s3()).send(new DeleteObjectCommand({ Bucket, Key, VersionId: put.VersionId }));
    expect(code).to.equal(1);
    expect(stderr).to.contain("is not what was trained").and.contain("Nothing has been deployed");
  });

  it("leaves main as it is when dev is destroyed", async () => {
    await workshop.json("destroy", "dev");
    expect(await workshop.json("predict", "main")).to.have.property("release");
    await workshop.slipway(["local", "stop"]); // its containers end
    await workshop.json("local", "start"); // and start again from the image
    expect(await workshop.json("predict", "main")).to.have.property("release");
  });
});
