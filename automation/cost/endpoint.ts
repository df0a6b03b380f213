import { type StackConfig } from "../stack-config";
import { type Resource } from "../stack";

const type = "aws:sagemaker/endpointConfiguration:EndpointConfiguration";

/**
 * The endpoint of a stack before its first release, when the program declares none yet: as its settings want it. Nothing for a
 * serverless one, which costs by use, or when there is one.
 */
export function comingEndpoint(resources: Resource[], config: StackConfig, project: string): Resource[] {
  const setting = (name: string) => config[`${project}:${name}`];
  if (setting("endpoint") !== "real-time" || resources.some((resource) => resource.type === type)) return [];
  const instanceType = String(setting("instanceType"));
  const initialInstanceCount = Number(setting("instanceCount"));
  return [
    {
      urn: `urn::::slipway:model:ModelEndpoint$${type}::endpoint-configuration (with the first release)`,
      type,
      inputs: { productionVariants: [{ instanceType, initialInstanceCount }] },
    },
  ];
}
