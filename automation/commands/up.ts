import { type Output } from "../output";
import { describeChanges, selectStack, up as bringUp } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";

const secrets = ["apiKey", "releaseKey"];

/** `slipway up` */
export const up = (stack: string, output: Output) => alone(stack, "up", () => run(stack, output));

async function run(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { changes, outputs } = await bringUp(await selectStack(name, target, output), output);
  const shown = Object.fromEntries(Object.entries(outputs).filter(([name]) => !secrets.includes(name)));
  output.answer(
    { stack: name, changes, outputs: shown },
    `The stack ${name} is up (${describeChanges(changes)}). Prediction URL: ${outputs.predictionUrl}\n` +
      `Next: npx slipway release ${name}`,
  );
}
