import { setTimeout as sleep } from "node:timers/promises";
import { expectInterrupt, interruptSignal } from "../interrupt";
import { type LogLine, StageReader } from "../logs/reader";
import { document, render } from "../logs/render";
import { type Stage, stagesOf } from "../logs/stages";
import { type Output } from "../output";
import { requireOutputs } from "../outputs";
import { createClients } from "../release/clients";
import { openTarget } from "../target";

export interface LogsOptions {
  follow?: boolean;
  /** Milliseconds. */
  since?: number;
}

/** Of the stages that go on and on. Of jobs, all lines of the newest are shown. */
const defaultSinceMs = 10 * 60_000;
/** AWS lets an account ask for events five times a second: a stack has some ten stages. */
const pollMs = 5000;
const pollOneMs = 1000;

/** `slipway logs` */
export async function logs(
  stack: string,
  stageName: string | undefined,
  { follow = false, since }: LogsOptions,
  output: Output,
): Promise<void> {
  if (follow) expectInterrupt();
  const target = await openTarget(stack, output);
  const outputs = await requireOutputs(stack, target, output);
  const clients = createClients(target, outputs.region);
  const stages = stagesOf(stack, outputs, clients, stageName);
  const now = Date.now();
  const start = ({ newestJob }: Stage) =>
    newestJob && stageName !== undefined && since === undefined ? 0 : now - (since ?? defaultSinceMs);
  const readers = stages.map((stage) => new StageReader(clients.logs, stage, start(stage)));
  const width = Math.max(...stages.map(({ name }) => name.length));
  const text = (line: LogLine) => render(line, width);
  const first = await readAll(readers);

  if (!follow) {
    const shown = first.flatMap((line) => text(line) ?? []);
    const none = `No lines${stageName ? ` of ${stageName}` : ""} in this time. Go further back with --since 1d.`;
    return output.answer({ stack, lines: first.map(document) }, shown.length ? shown.join("\n") : none);
  }
  const print = (line: LogLine) => {
    const said = output.json ? JSON.stringify(document(line)) : text(line);
    if (said !== undefined) process.stdout.write(`${said}\n`);
  };
  first.forEach(print);
  while (!interruptSignal.aborted) {
    const pause = stages.length > 1 ? pollMs : pollOneMs;
    await sleep(target.laptop ? pollOneMs / 2 : pause, undefined, { signal: interruptSignal }).catch(
      () => undefined,
    );
    if (!interruptSignal.aborted) (await readAll(readers)).forEach(print);
  }
}

/** New lines of all, in the order of their times; none when the user has had enough meanwhile. */
async function readAll(readers: StageReader[]): Promise<LogLine[]> {
  try {
    const lines = (await Promise.all(readers.map((reader) => reader.read()))).flat();
    return lines.sort((one, other) => one.time - other.time);
  } catch (error) {
    if (interruptSignal.aborted) return [];
    throw error;
  }
}
