import { join } from "node:path";
import { localHome } from "../../local/state";
import { prepareHome, requireSpace } from "../../local/supervisor/client";
import { withLock } from "../../local/supervisor/lock";
import { isLaptopStack } from "../target";

/** A release of the sample writes some ten. */
const megabytesToWork = 20;

/**
 * Runs a command that changes a stack while no other command of this laptop changes the same one.
 * @throws Error that names the other command, or the disk that is full.
 */
export async function alone<T>(stack: string, command: string, work: () => Promise<T>): Promise<T> {
  if (!isLaptopStack(stack)) return work(); // Pulumi's own backend locks a stack in AWS
  const home = localHome();
  prepareHome(home);
  requireSpace(home, megabytesToWork);
  return withLock(join(home, `${stack}.lock`), `slipway ${command} ${stack}`, work);
}
