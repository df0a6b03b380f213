// Records docs/pictures/demo.gif, the moving picture of the README, from the real thing: npx tsx test/e2e/record-demo.ts
// Needs ffmpeg.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Page } from "playwright-core";
import { startBrowser } from "./browser";
import { startConsole } from "./console";
import { Laptop, root } from "./laptop";

const picture = join(root, "docs", "pictures", "demo.gif");
const framesASecond = 3;
/** A second of the demo is so many seconds of the picture. */
const secondsBetween = 0.8;
const size = { width: 1200, height: 1000 };

async function main(): Promise<void> {
  const laptop = new Laptop();
  const folder = mkdtempSync(join(tmpdir(), "slipway-frames-"));
  const browser = await startBrowser();
  if (!browser) throw new Error("There is no Chromium for this machine; CHROMIUM may name one.");
  const { command, url } = await startConsole(laptop);
  try {
    const page = await (await browser.newContext({ viewport: size })).newPage();
    await page.goto(url);
    const demo = laptop.json("demo");
    await page.locator("#picture svg").waitFor({ timeout: 300_000 });
    await record(page, folder, Promise.all([demo, sleep(5_000)]));
    // Somebody asks, and the mail about it comes.
    await page.locator("#ask button").click();
    await record(page, folder, sleep(6_000));
    compose(folder);
  } finally {
    command.kill();
    await browser.close();
    await laptop.remove();
    rmSync(folder, { recursive: true });
  }
}

let frames = 0;
let last: Buffer | undefined;

/** Takes the page as it is again and again while `work` goes on; what looks as before is left out. */
async function record(page: Page, folder: string, work: Promise<unknown>): Promise<void> {
  let working = true;
  const ended = work.finally(() => (working = false));
  while (working) {
    const frame = await page.screenshot();
    if (!last?.equals(frame)) writeFileSync(join(folder, `${String(frames++).padStart(4, "0")}.png`), frame);
    last = frame;
    await sleep(secondsBetween * 1000);
  }
  await ended;
}

function compose(folder: string): void {
  const colors = "split[a][b];[a]palettegen=max_colors=64:stats_mode=diff[p];[b][p]paletteuse=dither=none";
  const filter = `fps=${framesASecond},scale=900:-1:flags=lanczos,tpad=stop_mode=clone:stop_duration=3,${colors}`;
  const input = ["-framerate", String(framesASecond), "-i", join(folder, "%04d.png")];
  execFileSync("ffmpeg", ["-y", "-loglevel", "error", ...input, "-vf", filter, "-loop", "0", picture]);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
