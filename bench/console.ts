// How large and how quick the console is: npx tsx bench/console.ts [events]
import { setTimeout as sleep } from "node:timers/promises";
import { type Page } from "playwright-core";
import { quantile } from "simple-statistics";
import { startBrowser } from "../test/e2e/browser";
import { startConsole } from "../test/e2e/console";
import { Workshop } from "../test/e2e/workshop";

const [events = 20] = process.argv.slice(2).map(Number);
const laptop = new Workshop();

async function main(): Promise<void> {
  await laptop.json("demo");
  const browser = await startBrowser();
  if (!browser) throw new Error("There is no Chromium for this machine; CHROMIUM may name one.");
  const { command, url } = await startConsole(laptop);
  try {
    const page = await (await browser.newContext()).newPage();
    await measureFirstView(page, url);
    await measureEvents(page);
  } finally {
    await browser.close();
    command.kill();
  }
}

/** From the request for the page to every card with what it shows. */
async function measureFirstView(page: Page, url: string): Promise<void> {
  const views: number[] = [];
  let bytes = 0;
  page.on("response", (response) => {
    if (!response.url().endsWith("/events"))
      void response.body().then(
        (body) => (bytes += body.length),
        () => undefined,
      );
  });
  await page.goto(url);
  await filled(page);
  console.log(`the page: ${bytes} bytes in all`);
  for (let turn = 0; turn < 10; turn++) {
    const began = performance.now();
    await page.goto(url);
    await filled(page);
    views.push(performance.now() - began);
  }
  console.log(
    `first view, all cards filled: p50 ${quantile(views, 0.5).toFixed(0)} ms, most ${Math.max(...views).toFixed(0)} ms`,
  );
}

/** From what a server of the laptop has acknowledged to the page that shows it. */
async function measureEvents(page: Page): Promise<void> {
  const state = await laptop.state();
  const [{ topicArn }] = (await (await fetch(`${state.inboxUrl}/emails`)).json()) as [{ topicArn: string }];
  const waited: number[] = [];
  for (let turn = 0; turn < events; turn++) {
    const subject = `mark-${turn}`;
    const words = { to: "bench@example.com", subject, body: "", timestamp: new Date().toISOString() };
    const body = JSON.stringify({ ...words, topicArn, messageId: subject, attributes: {} });
    const headers = { "content-type": "application/json" };
    await fetch(`${state.inboxUrl}/deliveries`, { method: "POST", headers, body });
    const began = performance.now();
    await page.locator("#mails", { hasText: subject }).waitFor();
    waited.push(performance.now() - began);
    await sleep(700);
  }
  const [p50, p95] = [0.5, 0.95].map((p) => quantile(waited, p).toFixed(0));
  console.log(`a mail, from its acknowledgement to the page: p50 ${p50} ms, p95 ${p95} ms of ${events}`);
}

/** Until every card shows something. */
async function filled(page: Page): Promise<void> {
  await page.locator("#cost .metrics").waitFor();
  await page.locator("#picture svg").waitFor();
  await page.locator(".muted", { hasText: "Looking …" }).first().waitFor({ state: "detached" });
}

main()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(() => laptop.remove());
