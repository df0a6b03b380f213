/** An error that a user can act on: one paragraph that says what happened, with which value, and what to do next. */
export class UserError extends Error {
  /** @param exitCode what the command exits with; 130 when the user interrupted it. */
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
    this.name = "UserError";
  }
}

/** What the user can do after Ctrl-C; most commands go on with what is there when they are run again. */
export const goOn = "Run the same command again: it picks up where things stand.";

/** What to say of an error on the terminal, and what to exit with. A stack trace only with SLIPWAY_DEBUG=1. */
export function explainError(error: unknown, wasInterrupted: boolean): { message: string; exitCode: number } {
  if (error instanceof UserError) return { message: error.message, exitCode: error.exitCode };
  if (wasInterrupted) return { message: `Interrupted. ${goOn}`, exitCode: 130 };
  const { message, code, name, stack }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error(String(error));
  if (process.env.SLIPWAY_DEBUG) return { message: stack ?? message, exitCode: 1 };
  if (code === "ENOSPC") {
    return {
      message: `The disk is full (${message}). Make room, then run the same command again.`,
      exitCode: 1,
    };
  }
  if (expiredCredentials.test(`${name} ${message}`)) {
    return {
      message:
        `Your AWS credentials have expired (${message}). Renew them, for example with 'aws sso login', then run the same ` +
        "command again: it picks up where things stand.",
      exitCode: 1,
    };
  }
  const problem = pulumiProblem(message);
  if (problem) return { message: problem, exitCode: 1 };
  // Errors of AWS carry their kind in the name; the others are sentences already.
  return { message: name === "Error" ? message : `${name}: ${message}`, exitCode: 1 };
}

/** What to say of an error in a report that goes on without what failed. */
export const errorLine = (error: unknown): string => explainError(error, false).message;

/** What to say when the Pulumi CLI says `text`; undefined where its own words will do. */
export const pulumiProblem = (text: string): string | undefined =>
  /PULUMI_ACCESS_TOKEN must be set/.test(text)
    ? "Pulumi has not been told where the stacks in AWS keep their state. Set PULUMI_BACKEND_URL, or log in with 'pulumi login " +
      "<url>' (docs/deploy.md), then run the same command again."
    : undefined;

/** As the services of AWS say it, each in its own way. */
const expiredCredentials =
  /ExpiredToken|RequestExpired|security token included in the request is expired|provided token has expired/;
