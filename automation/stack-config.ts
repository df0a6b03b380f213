import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { UserError } from "./errors";
import { projectRoot } from "./project";
import { isShortLived, modelStack } from "./stack-name";

/** The configuration of a stack, as `<namespace>:<name>`; secrets are left out. */
export type StackConfig = Record<string, unknown>;

interface ProjectFile {
  name: string;
  config: Record<string, { default?: unknown }>;
}

/** The file with a stack's own configuration. */
export const stackFile = (stack: string) => join(projectRoot, `Pulumi.${stack}.yaml`);

/** Name of the Pulumi project. */
export const projectName = () => readYaml<ProjectFile>(join(projectRoot, "Pulumi.yaml")).name;

/**
 * The defaults of `Pulumi.yaml`, and what `Pulumi.<stack>.yaml` says instead. A pull request's stack gets the settings of `dev`:
 * until it has a file of its own, those are its.
 */
export function readStackConfig(stack: string): StackConfig {
  const { name, config } = readYaml<ProjectFile>(join(projectRoot, "Pulumi.yaml"));
  const defaults = Object.entries(config).map(([key, value]): [string, unknown] => [
    `${name}:${key}`,
    value.default,
  ]);
  const file = stackFile(isShortLived(stack) && !existsSync(stackFile(stack)) ? modelStack : stack);
  const own = existsSync(file) ? (readYaml<{ config?: StackConfig } | null>(file)?.config ?? {}) : {};
  const plain = Object.entries(own).filter(([, value]) => !isSecret(value));
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(plain) };
}

/** Whether a value of a stack's configuration is encrypted. */
export const isSecret = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "secure" in value;

function readYaml<T>(file: string): T {
  try {
    return parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    throw new UserError(
      `${file} cannot be read as YAML: ${(error as Error).message}. Put it right, then try again.`,
    );
  }
}

/** What encrypts a new stack's secrets, as `slipway bootstrap` or `pulumi stack init` has noted it: `awskms://...`. */
export function secretsProvider(stack: string): string | undefined {
  const file = stackFile(stack);
  if (!existsSync(file)) return undefined;
  return readYaml<{ secretsprovider?: string } | null>(file)?.secretsprovider;
}
