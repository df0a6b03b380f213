import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Stack } from "@pulumi/pulumi/automation";
import { type Output } from "../output";
import { plan, type Plan, type Resource, stateOf } from "../stack";

/** The stack as it is, from its state. Empty when nothing of it is up. */
export const resourcesOf = (stack: Stack, output: Output): Promise<Resource[]> =>
  output.step(`Reading the state of the stack ${stack.name}`, async (progress) => {
    const resources = await stateOf(stack);
    progress.result(`${resources.length} resources`);
    return resources;
  });

/**
 * The stack as it is and as the program would make it, with what is made with what: a preview's events leave that out, the plan
 * that it saves has it. Without the policies: what a stack looks like does not hang on whether it may.
 */
export async function previewOf(
  stack: Stack,
  output: Output,
): Promise<Pick<Plan, "before" | "after" | "changed">> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-plan-"));
  try {
    const file = join(folder, "plan.json");
    const { after, changed } = await plan(stack, output, [], file);
    const before = await stateOf(stack);
    const { resourcePlans } = JSON.parse(await readFile(file, "utf8")) as SavedPlan;
    return {
      ...{ before, changed },
      after: after.map((resource) => ({
        ...resource,
        dependencies: resourcePlans[resource.urn]?.goal?.dependencies ?? [],
      })),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The part of an engine's plan that is wanted here. */
interface SavedPlan {
  resourcePlans: Record<string, { goal?: { dependencies?: string[] } }>;
}
