import { readdirSync } from "node:fs";
import { UserError } from "./errors";
import { projectRoot } from "./project";

/** The stacks that are not the laptop's own. */
const others = /^(dev|main|pr-[1-9]\d{0,5})$/;

/** The stack of this name. @throws UserError when Slipway has none such. */
export function stackName(name: string): string {
  const own = ["local", ...problemStacks()];
  if (own.includes(name) || others.test(name)) return name;
  throw new UserError(
    `There is no stack '${name}'. Stacks are ${own.map((stack) => `'${stack}'`).join(", ")} (this laptop), 'dev', 'main' and ` +
      "'pr-<number>' (a pull request's).",
  );
}

/** The laptop's stacks for other problems than that of `local`: they have a file each. */
export const problemStacks = (): string[] =>
  readdirSync(projectRoot)
    .flatMap((file) => /^Pulumi\.([a-z][a-z0-9]*)\.yaml$/.exec(file)?.[1] ?? [])
    .filter((name) => name !== "local" && !others.test(name));

/** Whether a stack is the laptop's own. */
export const isLocal = (name: string): boolean => !others.test(name);

/** The stack of a pull request. */
export const pullRequestStack = (number: number): string => stackName(`pr-${number}`);

/** The stack whose settings the stacks of pull requests have. */
export const modelStack = "dev";

/** Whether a stack belongs to a pull request, and goes with it. */
export const isShortLived = (name: string): boolean => name.startsWith("pr-");
