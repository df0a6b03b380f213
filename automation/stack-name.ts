import { UserError } from "./errors";

const stackNames = /^(local|dev|main|pr-[1-9]\d{0,5})$/;

/** The stack of this name. @throws UserError when Slipway has none such. */
export function stackName(name: string): string {
  if (stackNames.test(name)) return name;
  throw new UserError(
    `There is no stack '${name}'. Stacks are 'local' (this laptop), 'dev', 'main' and 'pr-<number>' (a pull request's).`,
  );
}

/** The stack of a pull request. */
export const pullRequestStack = (number: number): string => stackName(`pr-${number}`);

/** The stack whose settings the stacks of pull requests have. */
export const modelStack = "dev";

/** Whether a stack belongs to a pull request, and goes with it. */
export const isShortLived = (name: string): boolean => name.startsWith("pr-");
