import {
  ListTransformJobsCommand,
  ListModelsCommand,
  ListModelPackagesCommand,
  ListTrainingJobsCommand,
  SageMakerClient,
  UpdateModelPackageCommand,
} from "@aws-sdk/client-sagemaker";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { knownRecords } from "../../automation/release/holdout";
import { type Report } from "../../automation/release/gate/report/report";
import { type Check } from "../../automation/release/gate/decide";
import { type Answer } from "../../automation/prediction";
import { type Mail, Workshop } from "./workshop";

interface Released {
  release: string;
  state: "served" | "rejected" | "pending";
  reason: string;
  trained: boolean;
  deployed: boolean;
  gate: { decision: string; champion?: string; checks: Check[]; report: string; page: string };
}

const hyperparameters = "model-image/hyperparameters.json";
const settings = "Pulumi.local.yaml";
const set = (name: string, value: number) => (text: string) =>
  text.replace(new RegExp(`"${name}": [^,\\n]+`), `"${name}": ${value}`);

/** What `work` throws away of a model: almost all of its trees. */
const worse = set("num_iterations", 1);

describe("the gate", function () {
  this.timeout(180_000);
  const shop = new Workshop();
  let first: Released;

  before(async () => {
    first = await shop.json<Released>("demo");
  });
  after(() => shop.remove());

  async function release(exitCode: number): Promise<Released> {
    const { code, stdout, stderr } = await shop.slipway(["release", "local", "--json"]);
    expect(code, stderr + stdout).to.equal(exitCode);
    return JSON.parse(stdout) as Released;
  }
  const served = async () => (await shop.json<Answer>("predict", "local")).release;
  const sagemaker = async () => new SageMakerClient(await shop.client("sagemaker"));
  const mails = (kind: string, id: string) => async () =>
    (await shop.json<Mail[]>("inbox", "local", "--limit", "50")).filter(
      ({ attributes, subject }) => attributes.kind === kind && subject.includes(id),
    );
  async function jobs(): Promise<number> {
    const client = await sagemaker();
    const { TrainingJobSummaries = [] } = await client.send(new ListTrainingJobsCommand({ MaxResults: 100 }));
    const { TransformJobSummaries = [] } = await client.send(
      new ListTransformJobsCommand({ MaxResults: 100 }),
    );
    return TrainingJobSummaries.length + TransformJobSummaries.length;
  }
  async function statusOf(id: string) {
    const client = await sagemaker();
    const { ModelPackageSummaryList = [] } = await client.send(
      new ListModelPackagesCommand({ ModelPackageGroupName: "slipway-local", MaxResults: 100 }),
    );
    const found = ModelPackageSummaryList.find(
      ({ ModelPackageDescription }) => ModelPackageDescription === `Release ${id}`,
    );
    return { status: found?.ModelApprovalStatus, arn: found?.ModelPackageArn };
  }
  const stateOf = async (id: string) =>
    (await shop.json<{ release: string; state: string }[]>("releases", "local")).find(
      (each) => each.release === id,
    )?.state;

  it("accepts a first release that beats a constant answer, and leaves no model of its own behind", async () => {
    expect(first.state).to.equal("served");
    expect(first.gate).to.deep.include({ decision: "accepted" });
    expect(first.gate.checks.map(({ name }) => name)).to.deep.equal([
      "answers the held-out rows",
      "better than a constant answer",
    ]);
    expect((await statusOf(first.release)).status).to.equal("Approved");
    const { Models = [] } = await (await sagemaker()).send(new ListModelsCommand({}));
    expect(Models.filter(({ ModelName }) => ModelName?.includes("evaluate"))).to.deep.equal([]);
  });

  it("knows records with the answers that the deployed release gives to them as well", async () => {
    const { bucket } = /s3:\/\/(?<bucket>[^/]+)\//.exec(first.gate.report)!.groups as { bucket: string };
    const s3 = new S3Client(await shop.client("s3"));
    const known = await knownRecords(s3, bucket, first.release, 3);
    expect(known).to.have.length(3);
    for (const { record, prediction } of known) {
      const fields = Object.entries(record).map(([name, value]) => `${name}=${String(value)}`);
      const given = fields.filter((field) => !field.endsWith("=null"));
      expect(given.length).to.be.above(4);
      const { code, stdout } = await shop.slipway(["predict", "local", "--json", ...given]);
      expect(code).to.equal(0);
      const [answered] = (JSON.parse(stdout) as Answer).predictions;
      if (given.length === fields.length) expect(answered?.value).to.equal(prediction.value);
    }
    expect(await knownRecords(s3, bucket, "000000000000", 3)).to.deep.equal([]);
  });

  describe("against a worse challenger", () => {
    let rejected: Released;

    before(async () => {
      shop.edit(hyperparameters, worse);
      rejected = await release(3);
    });

    it("rejects it, serves what it served, and says so in registry, list and report", async () => {
      expect(rejected).to.deep.include({ state: "rejected", trained: true, deployed: false });
      expect(rejected.gate.champion).to.equal(first.release);
      expect(rejected.reason).to.match(
        /On 965 held-out rows its error is .* USD, that of the served release .* more/,
      );
      expect(await served()).to.equal(first.release);
      expect((await statusOf(rejected.release)).status).to.equal("Rejected");
      expect(await stateOf(rejected.release)).to.equal("rejected");
      const page = readFileSync(rejected.gate.page, "utf8");
      expect(page)
        .to.include(`Release ${rejected.release} is rejected`)
        .and.include("num_iterations")
        .and.include("What it looks at");
    });

    it("is shown by its id with the distribution of its errors beside that of the served release", async () => {
      const { found } = await shop.json<{ found: Report }>("releases", "local", rejected.release);
      const bins = found.errorBins!;
      for (const model of ["challenger", "champion"] as const) {
        const shares = bins.map((bin) => bin[model]!);
        expect(shares.reduce((sum, share) => sum + share)).to.be.within(0.9, 1);
      }
      expect(bins[0]!.challenger).to.be.below(bins[0]!.champion!);
      const { stdout } = await shop.slipway(["releases", "local", rejected.release]);
      expect(stdout)
        .to.include(found.headline)
        .and.match(/^mean absolute error +[\d.]+ USD +[\d.]+ USD$/m);
      expect(stdout, "no picture where no terminal is").not.to.include("by absolute error");
    });

    it("tells the subscribers the reasons and figures", async () => {
      const [mail] = await until(mails("release.rejected", rejected.release));
      expect(mail?.body)
        .to.include("gateMaxIncreasePercent")
        .and.match(new RegExp(`In service: +release ${first.release}`));
    });

    it("rejects it again at once, without a job and without another mail", async () => {
      const before = await jobs();
      expect(await release(3)).to.deep.include({ release: rejected.release, trained: false });
      expect(await jobs()).to.equal(before);
      expect(await mails("release.rejected", rejected.release)()).to.have.length(1);
    });

    it("does not let a rollback put it into service", async () => {
      const { code, stderr } = await shop.slipway(["rollback", "local", rejected.release]);
      expect(code).to.equal(1);
      expect(stderr).to.include(`Release ${rejected.release} was rejected`);
      expect(await served()).to.equal(first.release);
    });

    it("judges it anew, and trains nothing, when the limits have changed", async () => {
      shop.edit(settings, (text) =>
        `${text.trimEnd()}\n`.replace(
          /(slipway:gateRequire: .*\n)/,
          '$1  slipway:gateMaxIncreasePercent: 1000\n  slipway:gateMaxSliceIncreasePercent: 1000\n  slipway:gateMaxError: "0.5"\n',
        ),
      );
      const before = await jobs();
      const again = await release(3);
      expect(again.gate.checks.filter(({ passed }) => !passed).map(({ name }) => name)).to.deep.equal([
        "error",
      ]);
      expect(await jobs()).to.equal(before);
      shop.restore(settings);
      shop.restore(hyperparameters);
    });

    it("serves what was accepted when the change is reverted, without a job", async () => {
      const before = await jobs();
      expect(await release(0)).to.deep.include({ release: first.release, state: "served", deployed: false });
      expect(await jobs()).to.equal(before);
    });
  });

  it("rejects a release whose container does not come up, with SageMaker's reason", async () => {
    const serving = "model-image/slipway_model/serving.py";
    shop.edit(serving, (text) => text.replace(/^def /m, 'raise SystemExit("no such model")\n\n\ndef '));
    const { release: id, reason } = await release(3);
    expect(reason).to.include("its container does not serve the held-out rows");
    expect(await served()).to.equal(first.release);
    expect(await stateOf(id)).to.equal("rejected");
    shop.restore(serving);
  });

  describe("with approval: manual", () => {
    const challengers = { approved: 2, rejected: 3, console: 4 };
    before(() =>
      shop.edit(settings, (text) =>
        text.replace(
          /(slipway:gateRequire: .*\n)/,
          "$1  slipway:approval: manual\n  slipway:gateMaxIncreasePercent: 20\n",
        ),
      ),
    );
    after(() => {
      shop.restore(settings);
      shop.restore(hyperparameters);
    });

    async function pending(seed: number): Promise<string> {
      shop.restore(hyperparameters);
      shop.edit(hyperparameters, set("seed", seed));
      const { release: id, state } = await release(4);
      expect(state).to.equal("pending");
      expect(await stateOf(id)).to.equal("pending");
      expect((await statusOf(id)).status).to.equal("PendingManualApproval");
      return id;
    }

    it("lets an accepted release wait, says how to approve it, and serves it when that is done", async () => {
      const id = await pending(challengers.approved);
      expect(await served()).to.equal(first.release);
      const [mail] = await until(mails("release.pending", id));
      expect(mail?.body).to.include(`npx slipway approve local ${id}`);
      const before = await jobs();
      const { stdout, code } = await shop.slipway(["release", "local"]);
      expect(code).to.equal(4);
      expect(stdout).to.include(`npx slipway approve local ${id}`);
      await shop.json("approve", "local");
      expect(await served()).to.equal(id);
      expect(await jobs()).to.equal(before);
      expect((await statusOf(id)).status).to.equal("Approved");
      expect(await mails("release.pending", id)()).to.have.length(1);
    });

    it("takes a rejection as final", async () => {
      const id = await pending(challengers.rejected);
      await shop.json("reject", "local", "--reason", "Too dear for old people");
      const [mail] = await until(mails("release.rejected", id));
      expect(mail?.body).to.include("Too dear for old people");
      expect((await release(3)).reason).to.include("Too dear for old people");
      for (const verb of ["approve", "rollback"]) {
        const { code, stderr } = await shop.slipway([verb, "local", id]);
        expect(code, verb).to.be.above(0);
        expect(stderr, verb).to.include("Too dear for old people");
      }
      expect((await statusOf(id)).status).to.equal("Rejected");
      expect(await served()).not.to.equal(id);
    });

    it("heeds what was decided in SageMaker itself", async () => {
      const id = await pending(challengers.console);
      const { arn } = await statusOf(id);
      const decide = async (ModelApprovalStatus: "Approved" | "Rejected") =>
        (await sagemaker()).send(
          new UpdateModelPackageCommand({
            ModelPackageArn: arn,
            ModelApprovalStatus,
            ApprovalDescription: "Studio",
          }),
        );
      await decide("Approved");
      expect(await release(0)).to.deep.include({ release: id, state: "served", deployed: true });
      expect(await served()).to.equal(id);
    });

    it("says that nothing waits when nothing does", async () => {
      const { code, stderr } = await shop.slipway(["approve", "local"]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/No release of the stack 'local' waits for approval/);
      expect(existsSync(first.gate.page)).to.equal(true);
    });
  });
});

/** What `look` finds, as soon as it finds something; the test's own time-out is the limit. */
async function until<T>(look: () => Promise<T[]>): Promise<T[]> {
  for (;;) {
    const found = await look();
    if (found.length > 0) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
