import type { DeploymentConfig, ProductionVariant, UpdateEndpointInput } from "@aws-sdk/client-sagemaker";
import { DeploymentAlarms } from "../endpoints/alarms";
import { deploymentPlan } from "../endpoints/deployment-plan";
import type { Platform } from "../platform";
import { validationException } from "../protocol/errors";
import {
  type EndpointConfigRecord,
  type EndpointRecord,
  type PendingDeployment,
  type VariantProperties,
  now,
} from "../records";

const isServerless = (variants: ProductionVariant[] = []) =>
  variants.some(({ ServerlessConfig }) => ServerlessConfig);

/**
 * The deployment of a configuration, ready to begin.
 * @throws AwsError when the DeploymentConfig is not valid, or not for this kind of endpoint, or names alarms that are not
 * there or that the execution role may not look at.
 */
export async function pendingDeployment(
  platform: Platform,
  { EndpointConfigName: configName, ProductionVariants = [] }: EndpointConfigRecord,
  deploymentConfig: DeploymentConfig | undefined,
): Promise<PendingDeployment> {
  if (deploymentConfig) {
    if (isServerless(ProductionVariants))
      throw validationException("DeploymentConfig is not supported for serverless endpoints.");
    const [{ ModelName, InitialInstanceCount = 1 } = { ModelName: "" }] = ProductionVariants;
    const { alarms } = deploymentPlan(deploymentConfig, InitialInstanceCount);
    const roleArn = platform.stores.models.get(ModelName ?? "")?.ExecutionRoleArn ?? "";
    const session = platform.cloud.session(roleArn);
    await new DeploymentAlarms(session, alarms).ringing().finally(() => session.close());
  }
  const time = now();
  return {
    ...{ configName, deploymentConfig, retained: {} },
    ...{ startTime: time, stage: "Creating", stageTime: time, share: 0 },
  };
}

/** @throws AwsError when an update would change the kind of an endpoint or, with guardrails, its variants' names. */
export function requireSameVariants(
  { arn, fleet }: EndpointRecord,
  { ProductionVariants = [] }: EndpointConfigRecord,
  deploymentConfig: DeploymentConfig | undefined,
): void {
  const served = fleet?.variants.map(({ variant }) => variant) ?? [];
  if (isServerless(served) !== isServerless(ProductionVariants)) {
    throw validationException(
      `Cannot update endpoint "${arn}" between serverless and instance-based variants. Create another endpoint.`,
    );
  }
  const names = (variants: ProductionVariant[]) =>
    variants
      .map(({ VariantName }) => VariantName)
      .sort()
      .join(", ");
  if (deploymentConfig && names(served) !== names(ProductionVariants))
    throw validationException(
      `With a DeploymentConfig the new endpoint configuration must have the variants of the old one (${names(served)}), not ${names(ProductionVariants)}.`,
    );
}

/** What RetainAllVariantProperties keeps of each variant. */
export function retainedProperties(
  { fleet }: EndpointRecord,
  { RetainAllVariantProperties, ExcludeRetainedVariantProperties = [] }: UpdateEndpointInput,
): PendingDeployment["retained"] {
  if (!RetainAllVariantProperties || !fleet) return {};
  const excluded = ExcludeRetainedVariantProperties.map(({ VariantPropertyType }) => VariantPropertyType);
  const kept = ({ weight, instanceCount }: VariantProperties) => ({
    ...(excluded.includes("DesiredWeight") ? {} : { weight }),
    ...(excluded.includes("DesiredInstanceCount") || instanceCount === undefined ? {} : { instanceCount }),
  });
  return Object.fromEntries(
    [...fleet.variants, ...fleet.shadows].map((deployed) => [
      deployed.variant.VariantName ?? "",
      kept(deployed),
    ]),
  );
}
