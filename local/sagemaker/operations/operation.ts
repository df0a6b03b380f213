import type { Platform } from "../platform";

/** One operation of the control plane. */
export interface Operation {
  /** ARN that the permission is asked for: AWS's "Service Authorization Reference" says which; `*` for lists. */
  resource(input: object, platform: Platform): string;
  /** The role that is handed to SageMaker, for which the caller needs iam:PassRole. */
  passedRole?(input: object): string | undefined;
  /** @returns the output. @throws AwsError. */
  run(input: object, platform: Platform): object | Promise<object>;
}

interface Definition<Input> {
  resource: (input: Input, platform: Platform) => string;
  passedRole?: (input: Input) => string | undefined;
  run: (input: Input, platform: Platform) => object | Promise<object>;
}

/** An operation whose input has been checked against the service model, and so has this type. */
export const operation = <Input extends object>(definition: Definition<Input>) => definition as Operation;

export const anyResource = () => "*";
