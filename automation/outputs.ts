import { type Unwrap } from "@pulumi/pulumi";
import type program from "../index";
import { pulumiProblem, UserError } from "./errors";
import { interruptSignal, interrupted } from "./interrupt";
import { type Output } from "./output";
import { projectRoot } from "./project";
import { cliEnvironment } from "./pulumi-cli/environment";
import { findPulumi, locateProgram } from "./pulumi-cli/find";
import { keptOutputs } from "./pulumi-cli/kept-outputs";
import { run } from "./run";
import { type Target } from "./target";

/** What the Pulumi program says of a stack once it is up. */
export type Outputs = Unwrap<Awaited<ReturnType<typeof program>>>;

/** The outputs of a stack that is up. @throws UserError when it is not. */
export async function requireOutputs(name: string, target: Target, output: Output): Promise<Outputs> {
  const outputs = await findOutputs(name, target, output);
  if (outputs) return outputs;
  throw new UserError(
    `The stack '${name}' is not up. Bring it up with 'npx slipway up ${name}', then try again.`,
  );
}

/** The outputs of a stack, or undefined when it is not (wholly) up. */
export async function findOutputs(
  name: string,
  target: Target,
  output: Output,
): Promise<Outputs | undefined> {
  const program = locateProgram() ?? (await findPulumi(output)).command;
  return readOutputs(program, name, target.environment);
}

/** As `findOutputs`, asked of this CLI, if it has to be asked; secret ones as well. */
export async function readOutputs(
  program: string,
  stack: string,
  environment: Record<string, string>,
): Promise<Outputs | undefined> {
  const ask = () => askForOutputs(program, stack, environment);
  const home = environment.SLIPWAY_LOCAL_HOME; // of a laptop's stack
  return home ? keptOutputs(home, stack, ask) : ask();
}

/** The Automation API asks twice, masked and plain, and takes two seconds to load. */
async function askForOutputs(
  program: string,
  stack: string,
  environment: Record<string, string>,
): Promise<Outputs | undefined> {
  const ask = ["stack", "output", "--stack", stack, "--json", "--show-secrets", "--non-interactive"];
  const env = { ...process.env, ...environment, ...cliEnvironment };
  const { code, stdout, stderr } = await run(program, ask, {
    ...{ cwd: projectRoot, env, signal: interruptSignal },
  });
  if (interruptSignal.aborted) throw interrupted();
  if (code === 0) {
    const outputs = JSON.parse(stdout) as Outputs;
    return "predictionUrl" in outputs ? outputs : undefined;
  }
  if (/no stack named/.test(stderr)) return undefined;
  throw new UserError(
    pulumiProblem(stderr) ??
      `The outputs of the stack '${stack}' cannot be read: ${stderr.trim()} Put it right, then try again.`,
  );
}
