import { UserError } from "../errors";
import { type Output } from "../output";
import { createContext } from "../release/context";
import { promote as promoteRelease, servedRelease } from "../release/promote";
import { requireStack, selectStack, up } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";
import { answer } from "./release";

/** `slipway promote` */
export const promote = (from: string, to: string, output: Output) =>
  alone(to, "promote", () => run(from, to, output));

async function run(from: string, to: string, output: Output): Promise<void> {
  if (from === to) {
    throw new UserError(
      `A stack is not promoted to itself. Name where '${from}' is to go: 'npx slipway promote dev main'.`,
    );
  }
  const sourceTarget = await openTarget(from, output);
  const { stack: sourceStack, outputs: sourceOutputs } = await requireStack(from, sourceTarget, output);
  const source = createContext(sourceStack, sourceOutputs, sourceTarget, output);
  const record = await servedRelease(source);

  const target = await openTarget(to, output);
  const stack = await selectStack(to, target, output);
  const { outputs } = await up(stack, output);
  const result = await promoteRelease(source, record, createContext(stack, outputs, target, output));
  answer(to, result, output);
}
