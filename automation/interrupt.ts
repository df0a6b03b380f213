import { setMaxListeners } from "node:events";
import { goOn, UserError } from "./errors";

const interruption = new AbortController();
setMaxListeners(0, interruption.signal); // as many as there are requests under way

/** Aborted when the user has asked this command to stop (Ctrl-C, or SIGTERM); long work takes it as its `signal`. */
export const interruptSignal = interruption.signal;

/** Ends the command in good order, as Ctrl-C does, because of `reason`. */
export const interrupt = (reason: UserError) => interruption.abort(reason);

let expected = false;

/** Says that Ctrl-C is how the user ends this command: it is not told that it was interrupted. */
export const expectInterrupt = () => void (expected = true);

/** From now on the first Ctrl-C ends the command in good order and the second one at once. */
export function listenForInterrupts(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interruption.signal.aborted) process.exit(130);
      if (!expected)
        process.stderr.write("\nInterrupted: stopping in good order. Press Ctrl-C again to stop at once.\n");
      interruption.abort();
    });
  }
}

/** @throws UserError with exit code 130 when the user has interrupted the command. */
export function throwIfInterrupted(): void {
  if (interruption.signal.aborted) throw interrupted();
}

/** @param next what the user can do now. */
export function interrupted(next = goOn): UserError {
  const reason: unknown = interruption.signal.reason;
  return reason instanceof UserError ? reason : new UserError(`Interrupted. ${next}`, 130);
}
