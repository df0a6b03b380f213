import { type ServerType, serve } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { expect } from "chai";
import { Hono } from "hono";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type Browser, type Page } from "playwright-core";
import { buildSite } from "../docs/build-site";
import { accessibilityFaults, startBrowser } from "./browser";

const shown = ["/", "/tutorial/", "/tutorial/3-training.html", "/data-sources.html", "/glossary.html"];
const devices = { desktop: { width: 1280, height: 900 }, phone: { width: 390, height: 844 } };
/** Of the theme's own button: beside its name it shows the key that opens the search. */
const known = 'label-content-name-mismatch: <button type="button" class="DocSearch';

const beside = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

describe("the documentation in a browser", function () {
  this.timeout(180_000);
  const folder = mkdtempSync(join(tmpdir(), "slipway-site-"));
  let browser: Browser | undefined;
  let server: ServerType;
  let address: string;
  let page: Page;
  let faults: string[];

  before(async function () {
    browser = await startBrowser();
    if (!browser) this.skip();
    await buildSite(folder);
    const site = new Hono().use("/*", serveStatic({ root: relative(process.cwd(), folder) }));
    server = serve({ fetch: site.fetch, hostname: "127.0.0.1", port: 0 });
    await once(server, "listening");
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(async () => {
    await browser?.close();
    server?.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens a page; requests to elsewhere and errors go to `faults`. */
  async function open(path: string, options: Parameters<Browser["newPage"]>[0]): Promise<void> {
    page = await browser!.newPage(options);
    faults = [];
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(address) && !url.startsWith("data:")) faults.push(url);
    });
    page.on("pageerror", ({ message }) => faults.push(message));
    await page.goto(address + path);
    await page.waitForLoadState("networkidle");
  }
  afterEach(() => page?.close());

  for (const [device, viewport] of Object.entries(devices)) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`can be read by everybody (${device}, ${colorScheme}), and loads nothing from elsewhere`, async () => {
        for (const path of shown) {
          await open(path, { viewport, colorScheme });
          const found = (await accessibilityFaults(page)).filter((fault) => !fault.startsWith(known));
          expect(found, path).to.deep.equal([]);
          expect(await page.evaluate(beside), `pixels of ${path} beside the screen`).to.equal(0);
          expect(faults, path).to.deep.equal([]);
          await page.close();
        }
      });
    }
  }

  it("is searched by the keyboard", async () => {
    await open("/", { viewport: devices.desktop });
    await page.keyboard.press("Control+k");
    await page.fill("#localsearch-input", "canary");
    await page.locator(".result", { hasText: "Glossary" }).first().click();
    await page.waitForURL("**/glossary.html#canary");
    await page.locator("#canary").waitFor();
    expect(faults).to.deep.equal([]);
  });

  it("copies commands without their prompts, and without what they print", async () => {
    const context = await browser!.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    page = await context.newPage();
    await page.goto(`${address}/tutorial/3-training.html`);
    await page.waitForLoadState("networkidle");
    const block = page.locator(".language-console", { hasText: "git switch" });
    await block.hover();
    await block.locator("button.copy").click();
    const copied = await page.evaluate<string>("navigator.clipboard.readText()");
    expect(copied.trim()).to.equal("git switch -c tutorial");
    await context.close();
  });
});
