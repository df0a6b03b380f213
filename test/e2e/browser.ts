import chromium from "@sparticuz/chromium";
import axe from "axe-core";
import { type Browser, chromium as playwright, type Page } from "playwright-core";

/**
 * Chromium without a window: the one that CHROMIUM names, or the npm package's own, which is for Linux on x86-64.
 * Undefined where there is neither.
 */
export async function startBrowser(): Promise<Browser | undefined> {
  const { CHROMIUM } = process.env;
  if (CHROMIUM) return playwright.launch({ executablePath: CHROMIUM });
  if (process.platform !== "linux" || process.arch !== "x64") return undefined;
  // Without the arguments that come with it: they are for Lambda, and turn security off.
  return playwright.launch({ executablePath: await chromium.executablePath() });
}

/** The accessibility rules (WCAG 2.2 AA and axe's best practices) that the page breaks, with the elements that do. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
