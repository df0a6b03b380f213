import { type Output } from "../output";
import { approve as runApprove, reject as runReject } from "../release/approval";
import { createContext } from "../release/context";
import { requireStack } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";

async function context(name: string, output: Output) {
  const target = await openTarget(name, output);
  const { stack, outputs } = await requireStack(name, target, output);
  return createContext(stack, outputs, target, output);
}

/** `slipway approve` */
export const approve = (name: string, release: string | undefined, output: Output) =>
  alone(name, "approve", async () => {
    const result = await runApprove(await context(name, output), release);
    const how = result.deployed ? "is approved and served" : "was served already";
    output.answer(result, `Release ${result.release} of ${name} ${how}.`);
  });

/** `slipway reject` */
export const reject = (name: string, release: string | undefined, reason: string, output: Output) =>
  alone(name, "reject", async () => {
    const result = await runReject(await context(name, output), release, reason);
    output.answer(result, `Release ${result.release} of ${name} is rejected for good: ${result.reason}`);
  });
