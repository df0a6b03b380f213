import { join } from "node:path";
import { projectRoot } from "./project";
import { isLocal } from "./stack-name";

/** The policies that stacks must keep to: docs/policies.md. */
export const policyFolder = join(projectRoot, "policy");

/** Where the Pulumi CLI finds what runs the pack: the last folder of PATH. */
export const policyPluginFolder = join(policyFolder, "bin");

/** The packs that a change of a stack has to pass. The laptop's own stacks are nobody's but its user's. */
export const policyPacks = (stack: string) => (isLocal(stack) ? [] : [policyFolder]);
