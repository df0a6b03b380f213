import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, isClass } from "../../automation/prediction";
import { type Check } from "../../automation/release/gate/decide";
import { run } from "../../automation/run";
import { confirmSubscription, listEmails } from "../../local/inbox/client";
import { Workshop } from "./workshop";

interface Released {
  release: string;
  state: "served" | "rejected" | "pending";
  reason: string;
  trained: boolean;
  metrics: Record<string, number>;
  gate: { decision: string; champion?: string; checks: Check[]; report: string; page: string };
}

interface Ready {
  dataBucket: string;
  predictionUrl: string;
}

const kinds = ["setosa", "versicolor", "virginica"];
const setosa = {
  ...{ measured: "2024-07-01T12:00:00", sepal_length: 5.1, sepal_width: 3.5 },
  ...{ petal_length: 1.4, petal_width: 0.2, colour: "deep" },
};

/** The container's own tests know the irises of scikit-learn as another problem; they take the place of the taxi trips. */
const replaceProblem = `
import json
from pathlib import Path
from tests.support import write_csv
from tests.test_another_problem import FEATURES, SCHEMA, flowers

Path("schema.json").write_text(json.dumps(SCHEMA, indent=2))
Path("slipway_model/features.py").write_text(FEATURES)
write_csv(Path("../data/irises.csv"), flowers())
`;

describe("another problem, by another schema.json, features.py and data", function () {
  this.timeout(400_000);
  const shop = new Workshop();
  let first: Released;
  let ready: Ready;
  let apiKey: string;

  before(async () => {
    const python = join(shop.folder, ".venv", "bin", "python");
    const cwd = join(shop.folder, "model-image");
    const { code, stderr } = await run(python, ["-c", replaceProblem], { cwd });
    expect(code, stderr).to.equal(0);
    rmSync(join(shop.folder, "data", "taxis.csv"));
    ready = (await shop.json<{ outputs: Ready }>("up", "local")).outputs;
    apiKey = await shop.apiKey();
    const { inboxUrl } = await shop.state();
    let emails = await listEmails(inboxUrl);
    for (; emails.length === 0; emails = await listEmails(inboxUrl)) await sleep(100);
    for (const email of emails) await confirmSubscription(email);
    const data = readFileSync(join(shop.folder, "data", "irises.csv"));
    await new S3Client(await shop.client("s3")).send(
      new PutObjectCommand({ Bucket: ready.dataBucket, Key: "raw/s3/2024-05-29/irises.csv", Body: data }),
    );
    first = await shop.json<Released>("release", "local");
  });
  after(() => shop.remove());

  /** POSTs a record to the public URL. */
  async function ask(record: object): Promise<{ status: number; body: Answer & { detail?: string } }> {
    const headers = { "content-type": "application/json", "x-api-key": apiKey };
    const answer = await fetch(ready.predictionUrl, {
      method: "POST",
      headers,
      body: JSON.stringify(record),
    });
    return { status: answer.status, body: (await answer.json()) as Answer };
  }

  it("is released, as it is better than any constant answer", () => {
    expect(first).to.deep.include({ state: "served", trained: true });
    expect(first.gate.checks.map(({ passed }) => passed)).to.deep.equal([true, true]);
    expect(first.metrics["test:error_rate"]).to.be.below(first.metrics["test:error_rate_baseline"]! / 2);
    const page = readFileSync(first.gate.page, "utf8");
    for (const kind of kinds) expect(page).to.include(kind);
    expect(page)
      .to.include("Tells three kinds of iris apart.")
      .and.not.to.match(/fare|taxi|USD/);
  });

  it("is asked through the public URL for a class, and the probability of each", async () => {
    const { status, body } = await ask(setosa);
    expect(status).to.equal(200);
    expect(body.release).to.equal(first.release);
    const [prediction] = body.predictions;
    if (prediction === undefined || !isClass(prediction)) throw new Error("the answer holds no class");
    expect(prediction.value).to.equal("setosa");
    expect(Object.keys(prediction.probabilities)).to.have.members(kinds);
    const sum = Object.values(prediction.probabilities).reduce((one, other) => one + other);
    expect(sum).to.be.closeTo(1, 1e-9);
  });

  it("refuses a record that does not fit its schema, naming the field", async () => {
    const { status, body } = await ask({ ...setosa, petal_width: 0 });
    expect(status).to.equal(400);
    expect(JSON.stringify(body)).to.include("petal_width").and.include("greater than 0");
  });

  it("is told of in the mails as what it is", async () => {
    const deployed = await shop.mail(({ attributes }) => attributes.kind === "release.deployed");
    expect(deployed.subject).to.include(first.release);
    const results = await shop.mail(({ attributes }) => attributes.kind === "prediction.results");
    expect(results.body).to.include("setosa");
    for (const { body } of [deployed, results]) expect(body).not.to.match(/fare|taxi|USD|NaN|undefined/);
  });

  it("shows in the command line what it is", async () => {
    const asked = Object.entries(setosa).map(([name, value]) => `${name}=${value}`);
    const predicted = await shop.slipway(["predict", "local", ...asked]);
    expect(predicted.stdout).to.match(/^kind setosa \([\d.]+ %, (versicolor|virginica) /);
    const status = await shop.slipway(["status", "local"]);
    expect(status.stdout).to.match(/error +[\d.]+ % on the test rows/);
  });

  describe("with a model that hardly learns", () => {
    let second: Released;

    before(async () => {
      shop.edit("model-image/hyperparameters.json", (text) =>
        text
          .replace(/"num_iterations": \d+/, '"num_iterations": 1')
          .replace(/"min_data_in_leaf": \d+/, '"min_data_in_leaf": 60'),
      );
      const diff = await shop.slipway(["diff", "local"]);
      expect(diff.stdout).to.include("num_iterations: 1000 -> 1").and.include("would train release");
      const { code, stdout, stderr } = await shop.slipway(["release", "local", "--json"]);
      expect(code, stderr + stdout).to.equal(3);
      second = JSON.parse(stdout) as Released;
    });

    it("is judged against the served release, by the share of wrong classes, and rejected", async () => {
      expect(second).to.deep.include({ state: "rejected", trained: true });
      expect(second.gate.champion).to.equal(first.release);
      expect(second.reason).to.match(/its error is [\d.]+ %, that of the served release [\d.]+ %/);
      expect((await ask(setosa)).body.release).to.equal(first.release);
    });

    it("is reported, with both releases side by side", () => {
      const page = readFileSync(second.gate.page, "utf8");
      expect(page).to.include(`Release ${second.release} is rejected`).and.include(first.release);
      expect(page).to.include("share of wrong answers").and.include("num_iterations");
      expect(page).not.to.match(/NaN|undefined|fare|taxi|USD/);
    });
  });
});
