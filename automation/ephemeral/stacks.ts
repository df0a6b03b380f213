import { type LocalWorkspace, type Stack, type StackSettings } from "@pulumi/pulumi/automation";
import { isSecret } from "../stack-config";
import { isShortLived, modelStack } from "../stack-name";
import { type ShortLived } from "./sweep";

/** Tag of a stack that says until when it lives: it is there before the first resource is. */
const expiryTag = "slipway:expires";

/**
 * Gives a pull request's stack the settings of `dev`, but that its data goes with it, and that it has no dashboard. Its
 * file is not in the repository, so another machine that destroys it has none; Pulumi needs none for that.
 */
export async function configure(workspace: LocalWorkspace, stack: string): Promise<void> {
  const settings = await workspace.stackSettings(modelStack);
  const here = await workspace.stackSettings(stack).catch((): StackSettings => ({}));
  const config = Object.fromEntries(
    // What is encrypted is so for dev alone.
    Object.entries(settings.config ?? {}).filter(([, value]) => !isSecret(value)),
  );
  await workspace.saveStackSettings(stack, {
    ...here,
    config: { ...config, "slipway:deleteDataOnDestroy": "true", "slipway:dashboard": "false" },
  });
}

/** Lets a stack live until then. */
export const expireAt = (stack: Stack, when: Date): Promise<void> =>
  stack.setTag(expiryTag, when.toISOString());

/** All stacks of pull requests. */
export async function listShortLived(workspace: LocalWorkspace): Promise<ShortLived[]> {
  const names = (await workspace.listStacks()).map(({ name }) => name.split("/").at(-1) ?? name);
  const found: ShortLived[] = [];
  for (const stack of names.filter(isShortLived)) {
    found.push({ stack, expiresAt: (await workspace.listTags(stack))[expiryTag] });
  }
  return found;
}
