import {
  type PolicyResource,
  type ResourceValidationArgs,
  type ResourceValidationPolicy,
  type StackValidationPolicy,
} from "@pulumi/policy";
import { policies } from "../../policy/policies";

/** A resource as the engine shows it to the pack. */
export interface Shown {
  type: string;
  name?: string;
  props: Record<string, unknown>;
  /** By property, the names of the resources that it comes from. */
  from?: Record<string, string>;
}

type Policy = ResourceValidationPolicy | StackValidationPolicy;
class NotApplicable extends Error {}

const isType = (type: string) => (resourceClass: unknown) =>
  (resourceClass as { isInstance(object: object): boolean }).isInstance({ __pulumiType: type });

/** Asks the pack's policies as the engine does: what they say, as `<policy>: <message>`. */
export async function violations(
  shown: Shown[],
  { stack = "dev", level = "mandatory" }: { stack?: string; level?: Policy["enforcementLevel"] } = {},
): Promise<string[]> {
  const found: string[] = [];
  const resources = asResources(shown, stack);
  for (const policy of policies.filter(({ enforcementLevel = "mandatory" }) => enforcementLevel === level)) {
    const report = (message: string) => void found.push(`${policy.name}: ${message}`);
    if ("validateStack" in policy) {
      await policy.validateStack({ resources } as never, report);
      continue;
    }
    for (const resource of resources)
      for (const validate of [policy.validateResource!].flat())
        await Promise.resolve()
          .then(() => validate(resource as unknown as ResourceValidationArgs, report))
          .catch((error: unknown) => {
            if (!(error instanceof NotApplicable)) throw error;
          });
  }
  return found;
}

function asResources(shown: Shown[], stack: string): PolicyResource[] {
  const resources = shown.map(({ type, name = "it", props, from = {} }) => ({
    ...{
      type,
      name,
      props,
      from,
      isType: isType(type),
      urn: `urn:pulumi:${stack}::slipway::${type}::${name}`,
    },
    notApplicable: () => {
      throw new NotApplicable();
    },
    propertyDependencies: noDependencies(),
  }));
  for (const resource of resources)
    for (const [property, name] of Object.entries(resource.from))
      resource.propertyDependencies[property] = resources.filter((one) => one.name === name) as never;
  return resources as unknown as PolicyResource[];
}

const noDependencies = (): Record<string, PolicyResource[]> => ({});
