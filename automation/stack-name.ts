import { UserError } from "./errors";

const stackNames = /^(local|dev|main|pr-[1-9]\d{0,5})$/;

/** The stack of this name. @throws UserError when Slipway has none such. */
export function stackName(name: string): string {
  if (stackNames.test(name)) return name;
  throw new UserError(
    `There is no stack '${name}'. Stacks are 'local' (this laptop), 'dev', 'main' and 'pr-<number>' (a pull request's).`,
  );
}
