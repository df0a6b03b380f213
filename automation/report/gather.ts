import { type Cost, costOf } from "../cost/stack-cost";
import { errorLine } from "../errors";
import { type Output } from "../output";
import { createContext } from "../release/context";
import { diffRelease, type ReleaseDiff } from "../release/diff";
import { type Gate, readRecord } from "../release/record";
import { plan, type Previewed, requireStack } from "../stack";
import { openTarget } from "../target";

/** A part of a report: what was found, or why nothing was. */
export type Part<T> = { found: T } | { failure: string };

/** What is known of how good the release would be. */
export interface Evaluation {
  /** Of the stack. */
  problem?: string;
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
  cost: Part<Cost>;
  model: Part<ReleaseDiff & { evaluation: Evaluation }>;
}

/** Looks at the stack, and changes nothing. */
export async function gatherReport(name: string, output: Output): Promise<Report> {
  const opened = await attempt(async () => {
    const target = await openTarget(name, output);
    return { target, ...(await requireStack(name, target, output)) };
  });
  if ("failure" in opened) return { stack: name, infrastructure: opened, cost: opened, model: opened };
  const { target, stack, outputs } = opened.found;
  const planned = await attempt(() => plan(stack, output));
  return {
    stack: name,
    infrastructure: await within(planned, ({ changes, resources }) => ({ changes, resources })),
    cost: await within(planned, (found) => costOf(name, found)),
    model: await attempt(() =>
      output.step("Comparing data, code and hyperparameters", async () => {
        const context = createContext(stack, outputs, target, output);
        const diff = await diffRelease(context);
        const read = (id: string) => readRecord(context.clients.s3, outputs.dataBucket, id);
        const served = diff.served ? await read(diff.served) : undefined;
        const release = await read(diff.release);
        return {
          ...diff,
          evaluation: {
            problem: outputs.problem,
            served: served?.metrics,
            release: release?.metrics,
            gate: release?.gate,
          },
        };
      }),
    ),
  };
}

/** Why parts of a report are missing, in sentences. */
export const failuresOf = ({ infrastructure, cost, model }: Report): string[] => [
  ...new Set([infrastructure, cost, model].flatMap((part) => ("failure" in part ? [part.failure] : []))),
];

async function attempt<T>(work: () => T | Promise<T>): Promise<Part<T>> {
  try {
    return { found: await work() };
  } catch (error) {
    return { failure: errorLine(error) };
  }
}

/** A part that is made of another one, and fails with it. */
async function within<T, U>(part: Part<T>, make: (found: T) => U): Promise<Part<U>> {
  return "failure" in part ? part : attempt(() => make(part.found));
}
