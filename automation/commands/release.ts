import { type Output } from "../output";
import { createContext } from "../release/context";
import { release as runRelease, type ReleaseResult } from "../release/release";
import { describeMetrics } from "../release/metrics";
import { selectStack, up } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";

/** `slipway release` */
export const release = (stack: string, output: Output) => alone(stack, "release", () => run(stack, output));

async function run(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const stack = await selectStack(name, target, output);
  const { outputs } = await up(stack, output);
  const result = await runRelease(createContext(stack, outputs, target, output));
  output.answer(summary(result), describe(name, result));
}

/** The result as the JSON output has it. */
export const summary = ({ id, trained, deployed, metrics, seconds, record }: ReleaseResult) => ({
  ...{ release: id, trained, deployed, seconds, metrics },
  ...{ snapshot: record.ingredients.snapshot, image: record.ingredients.imageUri, commit: record.commit },
});

function describe(stack: string, { id, trained, deployed, metrics }: ReleaseResult): string {
  const what = deployed
    ? trained
      ? "was trained and is served"
      : "was trained before and is served again"
    : "is served, unchanged";
  return `Release ${id} of ${stack} ${what}.\n${describeMetrics(metrics)}`;
}
