import { setTimeout as sleep } from "node:timers/promises";
import { openConsole } from "../console/server";
import { expectInterrupt, interruptSignal } from "../interrupt";
import { type Output } from "../output";
import { openTarget, type Target } from "../target";

export interface ConsoleOptions {
  port?: number;
  /** Whether to show it in the browser. */
  open: boolean;
}

/** `slipway console` */
export async function showConsole(name: string, options: ConsoleOptions, output: Output): Promise<void> {
  expectInterrupt();
  const target = await openTarget(name, output);
  const url = await startConsole(name, target, options, output);
  output.answer({ stack: name, url }, `The console of ${name} is at ${url} until Ctrl-C.`);
  await untilInterrupted();
}

/** Starts the console of a stack within this command, and shows it in the browser of whoever sits at the terminal. */
export async function startConsole(
  name: string,
  target: Target,
  { port, open }: ConsoleOptions,
  output: Output,
): Promise<string> {
  const { url } = await openConsole(name, target, output, port);
  if (open && isAttended()) await showInBrowser(url);
  return url;
}

/** Whether somebody sits at the terminal. */
export const isAttended = () => process.stdout.isTTY && process.stderr.isTTY && !process.env.CI;

export async function untilInterrupted(): Promise<void> {
  while (!interruptSignal.aborted)
    await sleep(60_000, undefined, { signal: interruptSignal }).catch(() => undefined);
}

/** Where there is no browser to show it in, the address is on the screen. */
async function showInBrowser(url: string): Promise<void> {
  const { default: open } = await import("open");
  const browser = await open(url).catch(() => undefined);
  browser?.on("error", () => undefined);
}
