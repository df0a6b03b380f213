import { expect } from "chai";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { run } from "../../automation/run";
import { type Language } from "../../handlers/site/playground/snippets";
import { accessibilityFaults, startBrowser } from "./browser";
import { Laptop, root } from "./laptop";

/** Where the README's pictures go; they are taken when this is set. */
const pictures = process.env.PICTURES;

const desktop = { width: 1280, height: 1180 };
const phone = { width: 360, height: 760 };

const trip = '{"pickup":"2019-03-23 20:21:09","passengers":1,"distance":12.5,"color":"yellow"}';

describe("the playground", function () {
  this.timeout(300_000);
  const laptop = new Laptop();
  let browser: Browser | undefined;
  let url: string;
  let apiKey: string;

  before(async function () {
    browser = await startBrowser();
    if (!browser) return this.skip(); // no Chromium for this machine; CHROMIUM may name one
    await laptop.json("up", "local");
    const { playgroundUrl } = await laptop.json<{ playgroundUrl: string }>("status", "local");
    url = playgroundUrl;
  });
  after(async () => {
    await browser?.close();
    await laptop.remove();
  });

  /** The page in a browser of its own; what it complains of is in `complaints`. */
  async function open(options: BrowserContextOptions = {}, address = url) {
    const context = await browser!.newContext({ viewport: desktop, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      if (message.type() === "error" && !message.text().includes("Failed to load resource")) {
        complaints.push(message.text());
      }
    });
    await page.goto(address);
    return { context, page, complaints };
  }

  const key = (page: Page) => page.getByLabel("API key");
  const outcome = (page: Page) => page.locator("#outcome");
  const ask = (page: Page) => page.getByRole("button", { name: "Predict fare" }).click();

  async function picture(page: Page, name: string): Promise<void> {
    if (!pictures) return;
    mkdirSync(join(root, pictures), { recursive: true });
    await page.evaluate("document.activeElement.blur(); scrollTo(0, 0)");
    await page.screenshot({ path: join(root, pictures, `playground-${name}.png`) });
  }

  describe("before the first release", () => {
    it("says that there is no model, and that a made-up key is none", async () => {
      expect((await fetch(`${url}health`)).status).to.equal(503);
      const { page, context } = await open();
      await page.getByText("There is no model yet").waitFor();
      await key(page).fill("any");
      await ask(page);
      await page.getByText("The API key is missing or unknown").waitFor();
      await context.close();
    });
  });

  describe("with a release", () => {
    let release: string;

    before(async () => {
      const demo = await laptop.json<{ release: string; apiKey: string; playgroundUrl: string }>("demo");
      ({ release, apiKey, playgroundUrl: url } = demo);
    });

    it("predicts what is filled in, with its interval drawn", async () => {
      const { page, context, complaints } = await open();
      await page.getByText(`Release ${release}`).waitFor();
      await page.getByLabel("Distance").fill("12.5");
      await page.getByLabel("Dropoff zone").fill("JFK Airport");
      await page.getByLabel("Dropoff borough").selectOption("Queens");
      await key(page).fill(apiKey);
      await ask(page);
      await outcome(page).locator("svg.interval").waitFor();
      const shown = await outcome(page).innerText();
      expect(shown)
        .to.match(/^The fare is\s+\$\d+\.\d\d\n/)
        .and.to.match(/between \$[\d.]+ and \$[\d.]+/);
      expect(shown).to.include(release);
      const curl = await page.locator("#snippet").innerText();
      expect(curl).to.include("JFK Airport").and.to.include('"distance": 12.5').and.not.to.include(apiKey);
      expect(await accessibilityFaults(page)).to.be.empty;
      expect(complaints).to.be.empty;
      await picture(page, "light");
      await context.close();
    });

    it("shows what is wrong at the field that is, and goes there", async () => {
      const { page, context } = await open();
      await key(page).fill(apiKey);
      await page.getByLabel("Distance").fill("-3");
      await ask(page);
      const field = page.locator('[data-field="distance"]');
      await field.getByText("Must be at least 0").waitFor();
      expect(await field.locator("input").getAttribute("aria-invalid")).to.equal("true");
      expect(await page.evaluate("document.activeElement.name")).to.equal("distance");
      expect(await accessibilityFaults(page)).to.be.empty;
      await page.getByLabel("Distance").fill("3");
      await ask(page);
      await outcome(page).locator("svg.interval").waitFor();
      expect(await field.locator(".error").isVisible()).to.equal(false);
      await context.close();
    });

    it("asks for the key, keeps it in the tab alone and says when it is wrong", async () => {
      const { page, context } = await open();
      await ask(page);
      await page.getByText("Is needed").waitFor();
      await key(page).fill("wrong");
      await ask(page);
      await page.getByText("The API key is missing or unknown").waitFor();
      await key(page).fill(apiKey);
      await page.reload();
      expect(await key(page).inputValue()).to.equal(apiKey);
      expect(page.url()).not.to.include(apiKey);
      expect(await page.evaluate("localStorage.length + document.cookie.length")).to.equal(0);
      await context.close();
    });

    it("works with the keyboard alone", async () => {
      const { page, context } = await open();
      const focused = () => page.evaluate<string>("document.activeElement.id");
      const tabTo = async (id: string) => {
        for (let presses = 0; (await focused()) !== id; presses++) {
          if (presses > 40) throw new Error(`the tab key does not lead to ${id}`);
          await page.keyboard.press("Tab");
        }
      };
      await tabTo("field-distance");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("4.2");
      await tabTo("api-key");
      await page.keyboard.type(apiKey);
      await page.keyboard.press("Enter");
      await outcome(page).locator("svg.interval").waitFor();
      await tabTo("tab-curl");
      await page.keyboard.press("ArrowLeft");
      expect(await focused()).to.equal("tab-python");
      expect(await page.locator("#snippet").innerText())
        .to.include("urllib")
        .and.to.include("4.2");
      await context.close();
    });

    it("fits a phone", async () => {
      const { page, context } = await open({ viewport: phone, isMobile: true, hasTouch: true });
      await key(page).fill(apiKey);
      await ask(page);
      await outcome(page).locator("svg.interval").waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth")).to.equal(phone.width);
      const seen = await page.locator(".value").boundingBox();
      expect(seen?.y, "the answer comes into view").to.be.within(0, phone.height);
      expect(await accessibilityFaults(page)).to.be.empty;
      if (pictures) await page.screenshot({ path: join(root, pictures, "playground-phone.png") });
      await context.close();
    });

    it("is dark for who likes it dark", async () => {
      const { page, context } = await open({ colorScheme: "dark" });
      await key(page).fill(apiKey);
      await ask(page);
      await outcome(page).locator("svg.interval").waitFor();
      const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      const channels = background.match(/\d+/g)?.map(Number) ?? [];
      expect(Math.max(...channels.slice(0, 3)), background).to.be.below(60);
      expect(await accessibilityFaults(page)).to.be.empty;
      await picture(page, "dark");
      await context.close();
    });

    it("says when the limit of the key is reached, and predicts again a moment later", async () => {
      const { page, context } = await open();
      await key(page).fill(apiKey);
      const answerOf = async () =>
        (await Promise.all([page.waitForResponse(/\/predict$/), ask(page)]))[0].status();
      let busy = true;
      const others = Array.from({ length: 8 }, async () => {
        const request = { method: "POST", headers: { "x-api-key": apiKey }, body: "{}" };
        while (busy) await (await fetch(`${url}predict`, request)).text();
      });
      while ((await answerOf()) !== 429); // now and then it is this page's turn
      busy = false;
      await outcome(page).getByText("Too many requests").waitFor();
      expect(await outcome(page).innerText()).to.match(/Send them more slowly\.\s+Try again in a second\./);
      expect(await accessibilityFaults(page)).to.be.empty;
      await Promise.all(others);
      while ((await answerOf()) !== 200) await sleep(500);
      await outcome(page).locator("svg.interval").waitFor();
      await context.close();
    });

    it("says so when the device is offline", async () => {
      const { page, context } = await open();
      await key(page).fill(apiKey);
      await context.setOffline(true);
      await ask(page);
      await outcome(page).getByText("cannot be reached").waitFor();
      await context.setOffline(false);
      await context.close();
    });

    it("weighs 100 KB or less, and loads nothing from elsewhere", async () => {
      const context = await browser!.newContext();
      const page = await context.newPage();
      const loaded: { url: string; bytes: number }[] = [];
      page.on("response", async (response) => {
        const body = response.body().catch(() => Buffer.alloc(0));
        loaded.push({ url: response.url(), bytes: (await body).length });
      });
      await page.goto(url, { waitUntil: "networkidle" });
      expect(loaded.map((each) => each.url)).to.include(url);
      for (const each of loaded)
        expect(each.url).to.satisfy((at: string) => /^data:/.test(at) || at.startsWith(url));
      expect(loaded.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.within(10_000, 100_000);
      await context.close();
    });

    for (const [name, ending] of [
      ["with", "/"],
      ["without", ""],
    ]) {
      it(`works ${name} a slash at its address's end, links included`, async () => {
        const { page, context } = await open({}, url.replace(/\/$/, ending!));
        await page.getByText(`Release ${release}`).waitFor();
        await page.getByRole("link", { name: "API description" }).click();
        expect(page.url()).to.equal(`${url}openapi.json`);
        expect(await page.innerText("body")).to.include('"openapi":"3.1.0"');
        await context.close();
      });
    }

    it("shows code that works as it stands", async () => {
      const { page, context } = await open();
      const programs: Record<Language, (code: string) => [string, string[]]> = {
        curl: (code) => ["bash", ["-c", code.replace("curl ", "curl -s ")]],
        typescript: (code) => [process.execPath, ["--input-type=module", "-e", code]],
        python: (code) => [join(root, ".venv", "bin", "python"), ["-c", code]],
      };
      for (const language of ["curl", "typescript", "python"] as const) {
        await page.locator(`#tab-${language}`).click();
        const [program, args] = programs[language]((await page.locator("#snippet").textContent()) ?? "");
        const { stdout, stderr } = await run(program, args, { env: { ...process.env, API_KEY: apiKey } });
        expect(stdout, `${language} ${stderr}`).to.include(release);
      }
      await context.close();
    });

    it("has clients in TypeScript and Python that get predictions", async () => {
      const env = { ...process.env, API_URL: url.replace(/\/$/, ""), API_KEY: apiKey };
      const typescript = await run("npx", ["tsx", "clients/typescript/example.ts"], { cwd: root, env });
      expect(typescript.stdout, typescript.stderr)
        .to.match(/"unit":"USD"/)
        .and.to.match(/^\d+\.\d\d USD$/m);
      const client = `.venv/bin/python clients/python/slipway_client.py`;
      const python = await run("bash", ["-c", `echo '${trip}' | ${client}`], { cwd: root, env });
      expect(python.stdout, python.stderr).to.match(/^\{"value": [\d.]+, .*"unit": "USD"\}$/m);
      const bad = trip.replace("12.5", "-12.5");
      const refused = await run("bash", ["-c", `echo '${bad}' | ${client}`], { cwd: root, env });
      expect(refused.code).to.equal(1);
      expect(refused.stderr).to.match(/^The request does not fit the schema: distance must be at least 0/);
    });
  });
});
