import { UserError } from "./errors";
import { interruptSignal, interrupted } from "./interrupt";
import { type Output } from "./output";
import { projectRoot } from "./project";
import { findPulumi, locateProgram } from "./pulumi-cli/find";
import { run } from "./run";
import { type Outputs } from "./stack";
import { type Target } from "./target";

/**
 * The outputs of a stack that is up, secret ones as well. Commands that only read ask the CLI for them: the Automation
 * API takes two seconds to load.
 * @throws UserError when the stack is not up.
 */
export async function requireOutputs(name: string, target: Target, output: Output): Promise<Outputs> {
  const program = (await locateProgram()) ?? (await findPulumi(output)).command;
  const ask = ["stack", "output", "--stack", name, "--json", "--show-secrets", "--non-interactive"];
  const env = { ...process.env, ...target.environment };
  const { code, stdout, stderr } = await run(program, ask, {
    cwd: projectRoot,
    env,
    signal: interruptSignal,
  });
  if (interruptSignal.aborted) throw interrupted();
  if (code === 0) {
    const outputs = JSON.parse(stdout) as Outputs;
    if ("predictionUrl" in outputs) return outputs;
  } else if (!/no stack named/.test(stderr)) {
    throw new UserError(
      `The outputs of the stack '${name}' cannot be read: ${stderr.trim()} Put it right, then try again.`,
    );
  }
  throw notUp(name);
}

/** The stack of this name is not up. */
export const notUp = (name: string) =>
  new UserError(`The stack '${name}' is not up. Bring it up with 'npx slipway up ${name}', then try again.`);
