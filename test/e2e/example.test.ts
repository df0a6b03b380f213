import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Answer, isClass, type Prediction } from "../../automation/prediction";
import { accessibilityFaults, startBrowser } from "./browser";
import { Workshop } from "./workshop";

interface Demo {
  stack?: string;
  release: string;
  trained: boolean;
  metrics: Record<string, number>;
  predictionUrl: string;
  playgroundUrl: string;
  apiKey: string;
  answer: Answer;
  email: { subject: string };
  curl: string;
}

const flight = {
  ...{ departure: "2013-01-05 10:59", scheduled_arrival: "14:31", carrier: "UA", origin: "EWR" },
  ...{ destination: "SFO", distance: 2565, departure_delay: 42 },
};

describe("the example of another problem, with 'slipway demo --problem examples/flights'", function () {
  this.timeout(400_000);
  const shop = new Workshop();
  let demo: Demo;
  let said: string;

  before(async () => {
    demo = await shop.json<Demo>("demo", "--problem", "examples/flights");
  });
  after(() => shop.remove());

  const ask = (record: object, { predictionUrl, apiKey } = demo) =>
    fetch(predictionUrl, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey },
      body: JSON.stringify(record),
    });

  async function predictionOf(record: object): Promise<Prediction> {
    const response = await ask(record);
    const body = (await response.json()) as Answer;
    expect(response.status, JSON.stringify(body)).to.equal(200);
    expect(body.release).to.equal(demo.release);
    return body.predictions[0]!;
  }

  it("trains a model that is far better than one answer for all", () => {
    expect(demo.trained).to.equal(true);
    expect(demo.metrics["test:error_rate"]).to.be.below(0.6 * demo.metrics["test:error_rate_baseline"]!);
    expect(demo.email.subject).to.match(/^\[flights\] .*arrival/);
  });

  it("answers at the public URL with a class and the probability of each", async () => {
    const early = await predictionOf({ ...flight, departure_delay: -5 });
    const late = await predictionOf({ ...flight, departure_delay: 120 });
    if (!isClass(early) || !isClass(late)) throw new Error("the answer holds no class");
    expect([early.value, late.value]).to.deep.equal(["on time", "late"]);
    for (const { probabilities } of [early, late]) {
      expect(probabilities).to.have.all.keys("on time", "late");
      expect(probabilities["on time"]! + probabilities.late!).to.be.closeTo(1, 1e-9);
    }
    const refused = await ask({ ...flight, carrier: "ZZ", distance: undefined });
    expect(refused.status).to.equal(400);
    expect(await refused.text())
      .to.include("carrier")
      .and.include("distance")
      .and.not.include("fare");
  });

  it("describes itself, and nothing of taxis, in its own words", async () => {
    for (const page of ["openapi.json", "schema", ""]) {
      const text = await (await fetch(demo.playgroundUrl + page)).text();
      expect(text, page)
        .to.include("departure_delay")
        .and.not.to.match(/taxi|fare\b|pickup_zone/i);
    }
  });

  it("has a playground with its fields, that shows the probabilities", async function () {
    const browser = await startBrowser();
    if (!browser) return this.skip(); // no Chromium for this machine; CHROMIUM may name one
    try {
      const page = await browser.newPage();
      await page.goto(demo.playgroundUrl);
      expect(await page.locator("#record-title").innerText()).to.equal("Describe the flight out of New York");
      expect(await page.locator("[data-field]").count()).to.equal(Object.keys(flight).length);
      await page.getByLabel("Departure delay").fill("120");
      await page.getByLabel("Carrier").selectOption("B6");
      await page.getByLabel("API key").fill(demo.apiKey);
      await page.getByRole("button", { name: "Predict arrival" }).click();
      await page.locator("#outcome").getByText(demo.release).waitFor();
      expect(await page.locator("#outcome").innerText()).to.match(/^The arrival is\s+late\n/);
      expect(await accessibilityFaults(page)).to.be.empty;
    } finally {
      await browser.close();
    }
  });

  it("is worked on under the name of its stack, with the same schema and features", async () => {
    const status = await shop.slipway(["status", "flights"]);
    expect(status.stdout)
      .to.match(/^problem +examples\/flights$/m)
      .and.match(/^error +[\d.]+ % on the test rows$/m);
    const predicted = await shop.slipway(["predict", "flights", "departure_delay=120", "destination=BOS"]);
    expect(predicted.stdout, predicted.stderr).to.match(/^arrival late \([\d.]+ %, on time [\d.]+ %\)/);
    const again = await shop.slipway(["release", "flights"]);
    expect(again.code, again.stderr + again.stdout).to.equal(0);
    expect(again.stdout)
      .to.include(`Release ${demo.release} of flights is served, unchanged.`)
      .and.match(/wrong answers for the arrival on 900 test rows/);
  });

  it("says what to try in the fields of its schema, in lines that bash takes", async () => {
    said = (await shop.slipway(["demo", "--problem", "examples/flights"])).stdout;
    expect(said).to.not.match(/taxi|pickup|fare\b|slipway \w+ local /);
    const line = (start: string) => said.split("\n").find((text) => text.trim().startsWith(start))!;
    expect(line("npx slipway predict").trim()).to.equal("npx slipway predict flights departure_delay=42");
    const answer = execFileSync("bash", ["-c", line("curl")], { encoding: "utf8" });
    expect((JSON.parse(answer) as Answer).release).to.equal(demo.release);
  });

  it("leaves the working tree as it is, but for the stack's own file", async () => {
    expect(existsSync(join(shop.folder, "Pulumi.flights.yaml"))).to.equal(true);
    const shown = await shop.slipway(["predict", "local"]);
    expect(shown.stderr).to.include("The stack 'local' is not up");
  });

  it("has the taxis beside it: the way back is 'slipway demo' as ever", async () => {
    const taxis = await shop.json<Demo>("demo");
    const [fare] = taxis.answer.predictions;
    expect(fare).to.have.property("unit", "USD");
    expect(isClass(await predictionOf(flight))).to.equal(true);
    expect(await (await fetch(`${taxis.playgroundUrl}schema`)).text()).to.include("pickup_zone");
    const gone = await shop.slipway(["destroy", "flights"]);
    expect(gone.code, gone.stderr).to.equal(0);
    const still = await shop.slipway(["predict", "local", "distance=12.5"]);
    expect(still.stdout, still.stderr).to.match(/^fare [\d.]+ USD/);
  });

  describe("with a folder that is no problem", () => {
    for (const [title, folder, message] of [
      ["is not there", "examples/trains", /no folder examples\/trains.*Name one/],
      ["has no schema", "docs", /docs has no schema.json. Put one there/],
      ["is elsewhere", "/tmp", /outside the project/],
    ] as const) {
      it(`says what to do when it ${title}`, async () => {
        const { code, stderr, stdout } = await shop.slipway(["demo", "--problem", folder]);
        expect(code).to.equal(1);
        expect(stderr).to.match(message).and.not.include("    at ");
        expect(stdout).to.equal("");
      });
    }
  });
});
