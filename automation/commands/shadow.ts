import { type Output } from "../output";
import { createContext } from "../release/context";
import { shadow as changeShadow } from "../release/shadow";
import { requireStack } from "../stack";
import { openTarget } from "../target";
import { alone } from "./alone";

/** `slipway shadow` */
export const shadow = (stack: string, release: string | undefined, output: Output) =>
  alone(stack, "shadow", () => run(stack, release, output));

async function run(name: string, wanted: string | undefined, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { stack, outputs } = await requireStack(name, target, output);
  const result = await changeShadow(createContext(stack, outputs, target, output), wanted);
  output.answer(
    result,
    result.shadow
      ? `Release ${result.shadow} sees a copy of each request to ${result.release}. Its latency and errors are in CloudWatch ` +
          `(EndpointName=${outputs.endpointName}, VariantName=Shadow); 'npx slipway shadow ${name}' takes it away.`
      : `Release ${result.release} is served without a shadow.`,
  );
}
