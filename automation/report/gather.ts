import { errorLine } from "../errors";
import { type Output } from "../output";
import { createContext } from "../release/context";
import { diffRelease, type ReleaseDiff } from "../release/diff";
import { type Gate, readRecord } from "../release/record";
import { preview, type Previewed, requireStack } from "../stack";
import { openTarget } from "../target";

/** A part of a report: what was found, or why nothing was. */
export type Part<T> = { found: T } | { failure: string };

/** What is known of how good the release would be. */
export interface Evaluation {
  /** Of the release that is served; undefined when none is. */
  served?: Record<string, number>;
  /** Of the release that it would be; undefined when it would be trained. */
  release?: Record<string, number>;
  /** What the gate said of it; undefined when it has not seen it. */
  gate?: Gate;
}

/** What a pull request would do to a stack. Each part is there though another fails. */
export interface Report {
  stack: string;
  infrastructure: Part<Previewed>;
  model: Part<ReleaseDiff & { evaluation: Evaluation }>;
}

/** Looks at the stack, and changes nothing. */
export async function gatherReport(name: string, output: Output): Promise<Report> {
  const opened = await attempt(async () => {
    const target = await openTarget(name, output);
    return { target, ...(await requireStack(name, target, output)) };
  });
  if ("failure" in opened) return { stack: name, infrastructure: opened, model: opened };
  const { target, stack, outputs } = opened.found;
  return {
    stack: name,
    infrastructure: await attempt(() => preview(stack, output)),
    model: await attempt(() =>
      output.step("Comparing data, code and hyperparameters", async () => {
        const context = createContext(stack, outputs, target, output);
        const diff = await diffRelease(context);
        const read = (id: string) => readRecord(context.clients.s3, outputs.dataBucket, id);
        const served = diff.served ? await read(diff.served) : undefined;
        const release = await read(diff.release);
        return {
          ...diff,
          evaluation: { served: served?.metrics, release: release?.metrics, gate: release?.gate },
        };
      }),
    ),
  };
}

/** Why parts of a report are missing, in sentences. */
export const failuresOf = ({ infrastructure, model }: Report): string[] => [
  ...new Set([infrastructure, model].flatMap((part) => ("failure" in part ? [part.failure] : []))),
];

async function attempt<T>(work: () => Promise<T>): Promise<Part<T>> {
  try {
    return { found: await work() };
  } catch (error) {
    return { failure: errorLine(error) };
  }
}
