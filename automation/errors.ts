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
