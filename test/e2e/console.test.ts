import { APIGatewayClient, GetApiKeysCommand } from "@aws-sdk/client-api-gateway";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { accessibilityFaults, startBrowser } from "./browser";
import { startConsole } from "./console";
import { root } from "./laptop";
import { Workshop } from "./workshop";

/** Where the pictures of docs/ go; they are taken when this is set. */
const pictures = process.env.PICTURES;

const desktop = { width: 1280, height: 820 };
const phone = { width: 360, height: 760 };

/** The console as a user has it: a command that runs, and a page in a browser. */
describe("the console", function () {
  this.timeout(400_000);
  const workshop = new Workshop();
  let browser: Browser | undefined;
  let command: ChildProcess;
  let url: string;
  let page: Page;
  let api: { predictionUrl: string; apiKey: string };
  const complaints: string[] = [];

  before(async function () {
    browser = await startBrowser();
    if (!browser) return this.skip(); // no Chromium for this machine; CHROMIUM may name one
    workshop.configure("local", {
      ...{ endpoint: "real-time", bakeSeconds: 10, requestsPerSecond: 100, burst: 100 },
      ...{ captureSharePercent: 100, maxDrift: 0.25 },
    });
    workshop.change(0);
    ({ command, url } = await startConsole(workshop));
    page = await open();
  });
  after(async () => {
    command?.kill();
    await browser?.close();
    await workshop.remove();
  });

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser!.newContext({ viewport: desktop, ...options });
    context.setDefaultTimeout(120_000); // also on a machine that does much else
    const opened = await context.newPage();
    opened.on("pageerror", ({ message }) => complaints.push(message));
    opened.on("console", (message) => {
      // What is refused on purpose, and the end of the command.
      if (["error", "warning"].includes(message.type()) && !/ERR_|422/.test(message.text()))
        complaints.push(message.text());
    });
    await opened.goto(url);
    return opened;
  }

  async function picture(of: Page, name: string): Promise<void> {
    if (!pictures) return;
    mkdirSync(join(root, pictures), { recursive: true });
    await of.evaluate("scrollTo(0, 0)");
    await of.screenshot({ path: join(root, pictures, `console-${name}.png`) });
  }

  const activity = () => page.locator("#activity li").allTextContents();
  const see = (text: RegExp) => page.locator("#activity li", { hasText: text }).first().waitFor();

  it("says that the stack is not up, and shows the pipeline as soon as it is", async () => {
    await page.getByText("The stack 'local' is not up").waitFor();
    const made = workshop.json<typeof api>("demo").then((answer) => (api = answer));
    await page.locator("#endpoint").waitFor({ timeout: 120_000 });
    await see(/processing job .* completed/);
    await see(/training job .* completed/);
    await see(/the gate has accepted release/);
    await see(/release \w+ is in service/);
    await made;
    await see(/mail to/);
    await page.locator("#endpoint tbody tr", { hasText: "in service" }).waitFor();
  });

  it("opens a job to its metrics and its log, and a release to the gate's word and report", async () => {
    const training = page.locator("#jobs details", { hasText: "training" }).first();
    await training.locator("summary").click();
    await training.locator(".log", { hasText: /metric test:mae/ }).waitFor();
    expect(await training.locator(".metrics dt").allTextContents()).to.include("test:mae");
    const release = page.locator("#releases details").first();
    await release.locator("summary").click();
    await release.getByText("There was no release to compare it with.").waitFor();
    const [report] = await Promise.all([
      page.context().waitForEvent("page"),
      release.getByRole("link", { name: "The gate's report, with pictures" }).click(),
    ]);
    await report.locator("svg").nth(2).waitFor();
    await report.close();
  });

  it("tells of what lands", async () => {
    const { model } = await workshop.json<{ model: { artifact: string } }>("status", "local");
    const [header, row] = readFileSync(join(root, "data", "taxis.csv"), "utf8").split("\n") as [
      string,
      string,
    ];
    const Body = [header, row, row.replace(/,1\.6,/, ",-1.6,"), ""].join("\n");
    await new S3Client(await workshop.client("s3")).send(
      new PutObjectCommand({ Bucket: model.artifact.split("/")[2], Key: "raw/s3/2019-04-01/more.csv", Body }),
    );
    await see(/1 object landed from s3/);
  });

  it("asks the public URL, and shows the request in the picture and the charts", async () => {
    const ask = page.locator("#ask");
    await ask.getByRole("button").click();
    await ask.locator("output", { hasText: /: [\d.]+ USD, between [\d.]+ and [\d.]+/ }).waitFor();
    await page.locator("[data-stage=api].lit-plain").waitFor();
    await page.locator("#picture [data-name=api]").waitFor();
    await page.locator("#endpoint", { hasText: /\d+ requests? answered/ }).waitFor();
    const field = ask.getByLabel("A record, as JSON");
    const example = await field.inputValue();
    await field.fill("{ rubbish");
    await ask.getByRole("button").click();
    await ask.locator("output.fault", { hasText: "This is no JSON" }).waitFor();
    await field.fill(example);
    await ask.getByRole("button").click();
    await ask.locator("output.said").waitFor();
  });

  it("shows a canary with the shares of both releases, while it takes over", async () => {
    workshop.change(1);
    const asking = new AbortController();
    const asked = keepAsking(asking.signal);
    const released = workshop.json<{ release: string }>("release", "local");
    const coming = page.locator("#endpoint tbody tr", { hasText: "taking over" });
    await coming.filter({ hasText: /[1-9]\d* % of \d+ requests/ }).waitFor();
    await page.locator("#endpoint .notice", { hasText: "is being deployed" }).waitFor();
    await picture(page, "canary");
    const { release } = await released;
    asking.abort();
    await asked;
    await see(new RegExp(`release ${release} is in service`));
    await page.locator("#endpoint tbody tr", { hasText: release }).waitFor();
    expect(await page.locator("#endpoint tbody tr").count()).to.equal(1);
  });

  it("shows what the model monitor finds, as soon as it has looked", async () => {
    const card = page.locator("#monitor");
    await card.getByText("It has not looked in the last 24 hours.").waitFor();
    await askLongerTrips(10, 300); // many, beside the trips that were asked before
    await workshop.json("monitor", "local");
    await see(/the model monitor has looked at [\d,]+ records: distance has changed most, 0\.\d+/);
    await page.locator("[data-stage=monitor]").waitFor();
    const figures = card.locator("tbody tr");
    await figures.filter({ hasText: "distance" }).waitFor();
    expect(await figures.last().innerText()).to.match(/^the predictions\s+0\.\d\d\s.*0\.25$/s);
    await card.locator("svg[aria-label^='distance in the last 24 hours: 0.']").waitFor();
  });

  it("says how many rows of a snapshot were set aside, and why", async () => {
    const snapshot = page.locator("#data details").first();
    await snapshot.locator("summary").click();
    await snapshot
      .getByText("Of 6,435 rows read, 6,433 are kept, 1 were there twice, and 1 are set aside.")
      .waitFor();
    await snapshot.locator("li", { hasText: "distance" }).waitFor();
  });

  it("shows a rollback, with the alarm that rang", async () => {
    workshop.change(2);
    workshop.plant("errors");
    const asking = new AbortController();
    const asked = keepAsking(asking.signal);
    const { code } = await workshop.slipway(["release", "local"]);
    asking.abort();
    await asked;
    expect(code).to.equal(1);
    await see(/the alarm .* rings/);
    await see(/the endpoint is (rolling back|in service)/);
    await page.locator("#mails", { hasText: /rolled back/i }).waitFor();
    await page.locator("#releases summary", { hasText: "rolled back" }).waitFor();
    await picture(page, "rollback");
    expect((await activity()).join("\n")).to.not.match(/undefined|NaN|\[object/);
  });

  for (const [what, options] of Object.entries<BrowserContextOptions>({
    "in the dark": { colorScheme: "dark" },
    "on a phone": { viewport: phone },
  })) {
    it(`is readable by everybody, ${what}`, async () => {
      const opened = await open(options);
      await opened.locator("#cost .metrics").waitFor();
      expect(await accessibilityFaults(opened)).to.deep.equal([]);
      const width = await opened.evaluate<number>("document.documentElement.scrollWidth");
      expect(width).to.be.at.most(opened.viewportSize()!.width);
      await picture(opened, what.replaceAll(" ", "-"));
      await opened.context().close();
    });
  }

  it("draws the stack that it is of, in two ways", async () => {
    const picture = page.locator("#picture");
    await picture
      .locator("svg[data-view=isometric] [data-component='slipway:model:ModelEndpoint']")
      .waitFor();
    await picture.getByRole("button", { name: "from above" }).click();
    await picture.locator("svg[data-view='2d'] [data-component='slipway:model:ModelEndpoint']").waitFor();
  });

  it("works with the keyboard alone", async () => {
    await page.keyboard.press("Escape");
    await page.locator("[data-stage=sources]").focus();
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.dataset.stage")).to.equal("data");
    await page.keyboard.press("Enter");
    expect(new URL(page.url()).hash).to.equal("#data");
  });

  it("has no secret in what the page gets", async () => {
    const told = await page.evaluate<string>(
      "new Promise(done => { let all = ''; const s = new EventSource('/events');" +
        "for (const kind of ['section', 'activity']) s.addEventListener(kind, e => (all += e.data));" +
        "s.addEventListener('alive', () => { s.close(); done(all); }); })",
    );
    expect(told).to.include('"name":"jobs"');
    const gateway = new APIGatewayClient(await workshop.client("api-gateway"));
    const { items = [] } = await gateway.send(new GetApiKeysCommand({ includeValues: true }));
    expect(items).to.have.length(2);
    expect(items.filter(({ value }) => told.includes(value!)).map(({ name }) => name)).to.deep.equal([]);
  });

  it("says that it has ended, and nothing was wrong with the page meanwhile", async () => {
    command.kill("SIGINT");
    const [code] = (await once(command, "exit")) as [number];
    expect(code).to.equal(0);
    await page.locator(".disconnected").waitFor();
    expect(complaints).to.deep.equal([]);
  });

  /** Trips of the sample, evenly from all of it. */
  function trips(count: number): { distance: number }[] {
    const sample = readFileSync(join(root, "data", "taxis.csv"), "utf8");
    const rows = parse<Record<string, string>>(sample, { columns: true });
    return Array.from({ length: count }, (_, index) => {
      const { pickup, color, passengers, distance, ...row } =
        rows[Math.floor((index * rows.length) / count)]!;
      const place = (name: string) => ({ [name]: row[name] || null });
      return {
        ...{ pickup, color, passengers: Number(passengers), distance: Number(distance) },
        ...{ ...place("pickup_zone"), ...place("dropoff_zone") },
        ...{ ...place("pickup_borough"), ...place("dropoff_borough") },
      };
    });
  }

  /** Trips that are each a third longer than they were. */
  async function askLongerTrips(requests: number, records: number): Promise<void> {
    const longer = trips(requests * records).map((trip) => ({
      ...trip,
      distance: Math.min(1.33 * trip.distance, 200),
    }));
    for (let from = 0; from < longer.length; from += records) {
      const response = await post(longer.slice(from, from + records));
      expect(response.status, await response.text()).to.equal(200);
    }
  }

  const post = (instances: object[]) =>
    fetch(api.predictionUrl, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": api.apiKey },
      body: JSON.stringify({ instances }),
    });

  /** Somebody's requests, about ten each second, whatever becomes of them. */
  async function keepAsking(signal: AbortSignal): Promise<void> {
    const asked = trips(97);
    for (let turn = 0; !signal.aborted; turn++) {
      await post([asked[(turn * 31) % asked.length]!]);
      await sleep(100);
    }
  }
});
