import { type Output } from "../output";
import { findOutputs } from "../outputs";
import { createContext } from "../release/context";
import { reportPage } from "../release/gate/report/place";
import { describeMetrics } from "../release/metrics";
import { release as runRelease, type ReleaseResult } from "../release/release";
import { findStored } from "../release/stored";
import { selectStack, up } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";

/** What the command exits with when nothing failed, but the release is not served. */
const exitCodes = { served: 0, rejected: 3, pending: 4 } as const;

/** `slipway release` */
export const release = (stack: string, output: Output) =>
  alone(stack, "release", () => makeHere(stack, output));

/** Makes a release of the working tree and the stack's own data. */
export async function makeHere(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const [stack, before] = await Promise.all([
    selectStack(name, target, output),
    findOutputs(name, target, output),
  ]);
  const stored = before && (await findStored(createContext(stack, before, target, output)));
  const outputs = stored?.isServedAgain ? before! : (await up(stack, output)).outputs;
  const landed = outputs.dataBucket === before?.dataBucket ? stored?.landed : undefined;
  answer(name, await runRelease(createContext(stack, outputs, target, output, landed)), output);
}

/** Says what became of a release, with the exit code that tells machines. */
export function answer(stack: string, result: ReleaseResult, output: Output): void {
  process.exitCode = exitCodes[result.state];
  output.answer(summary(stack, result), describe(stack, result));
}

/** The result as the JSON output has it. */
export const summary = (
  stack: string,
  { id, trained, state, reason, deployed, metrics, seconds, record }: ReleaseResult,
) => ({
  ...{ release: id, state, reason, trained, deployed, seconds, metrics },
  ...{ snapshot: record.ingredients.snapshot, image: record.ingredients.imageUri, commit: record.commit },
  ...(record.promoted ? { promoted: record.promoted } : {}),
  ...(record.gate ? { gate: { ...record.gate, page: reportPage(stack, record) } } : {}),
});

function describe(stack: string, result: ReleaseResult): string {
  const { metrics, record, problem } = result;
  const report = record.gate ? [`Report: ${reportPage(stack, record)}`] : [];
  return [sentence(stack, result), describeMetrics(metrics, problem), ...report].join("\n");
}

function sentence(stack: string, { id, state, reason, deployed, trained, record }: ReleaseResult): string {
  switch (state) {
    case "rejected":
      return `Release ${id} of ${stack} is rejected; what is served stays as it is.\n${reason}`;
    case "pending":
      return (
        `Release ${id} of ${stack} has passed the gate and waits for approval.\n${reason}\n` +
        `Put it into service with 'npx slipway approve ${stack} ${id}', or reject it for good with ` +
        `'npx slipway reject ${stack} ${id} --reason ...'.`
      );
    case "served": {
      const served = trained
        ? "was trained and is served"
        : record.promoted
          ? `comes from the stack ${record.promoted.from} and is served`
          : "was trained before and is served again";
      return `Release ${id} of ${stack} ${deployed ? served : "is served, unchanged"}.`;
    }
  }
}
