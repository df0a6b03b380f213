import { type Output } from "../output";
import { createContext } from "../release/context";
import { rollback as runRollback } from "../release/rollback";
import { requireStack } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";

/** `slipway rollback` */
export const rollback = (stack: string, release: string | undefined, reason: string, output: Output) =>
  alone(stack, "rollback", () => run(stack, release, reason, output));

async function run(name: string, wanted: string | undefined, reason: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { stack, outputs } = await requireStack(name, target, output);
  const context = createContext(stack, outputs, target, output);
  const result = await runRollback(context, wanted, reason);
  const { release, from, seconds } = result;
  output.answer(
    result,
    release === from
      ? `Release ${release} was served already.`
      : `Release ${release} of ${name} is served again, instead of ${from} (${seconds.toFixed(0)} s).`,
  );
}
