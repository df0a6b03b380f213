import type { ContainerDefinition, ProductionVariant } from "@aws-sdk/client-sagemaker";
import { randomBytes } from "node:crypto";
import { pullImage } from "../aws/images";
import type { Foundation } from "../platform";
import { validationException } from "../protocol/errors";
import { type DeployedVariant, type FleetRecord, type ModelData, now } from "../records";
import { modelContainer } from "./model-container";

/**
 * Fixes what a configuration means today: its models, and the images that their tags name.
 * @throws AwsError when the configuration or a model is gone; ImageError when an image is or may not be pulled.
 */
export async function resolveFleet(platform: Foundation, endpointConfigName: string): Promise<FleetRecord> {
  const config = platform.stores.endpointConfigs.get(endpointConfigName);
  if (!config) throw validationException(`Could not find endpoint configuration "${endpointConfigName}".`);
  const variants = await Promise.all(
    (config.ProductionVariants ?? []).map((variant) => resolveVariant(platform, variant)),
  );
  return { id: `i-${randomBytes(8).toString("hex")}`, endpointConfigName, variants, since: now() };
}

/** Fixes what a variant's model means today. @throws as `resolveFleet`. */
export async function resolveVariant(
  platform: Foundation,
  variant: ProductionVariant,
): Promise<DeployedVariant> {
  const model = platform.stores.models.get(variant.ModelName ?? "");
  if (!model) throw validationException(`Could not find model "${variant.ModelName}".`);
  const roleArn = model.ExecutionRoleArn ?? "";
  const container = modelContainer(platform.stores, model);
  const session = platform.cloud.session(roleArn);
  try {
    const image = await pullImage(platform.settings.home, session, container.Image ?? "");
    const environment = container.Environment ?? {};
    return {
      variant,
      image,
      roleArn,
      modelData: modelData(container),
      environment,
      networkIsolation: model.EnableNetworkIsolation ?? false,
    };
  } finally {
    session.close();
  }
}

/** Where a container's model is, or undefined when it has none. */
export function modelData(container: ContainerDefinition): ModelData | undefined {
  const source = container.ModelDataSource?.S3DataSource;
  if (source?.S3Uri)
    return { s3Uri: source.S3Uri, packing: source.CompressionType === "None" ? "none" : "tar.gz" };
  return container.ModelDataUrl ? { s3Uri: container.ModelDataUrl, packing: "tar.gz" } : undefined;
}
