/** An error as an AWS client sees it: a code, a message, an HTTP status and whatever else the error's shape holds. */
export class AwsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    readonly fields: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export const validationException = (message: string) => new AwsError("ValidationException", message);
export const resourceInUse = (message: string) => new AwsError("ResourceInUse", message);
export const conflict = (message: string) => new AwsError("ConflictException", message);

/** Something that AWS has and this server has not (yet). */
export const notSupported = (what: string, instead: string) =>
  validationException(`The local SageMaker does not support ${what}. ${instead}`);
