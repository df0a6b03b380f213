import type { ContainerDefinition, ProductionVariant } from "@aws-sdk/client-sagemaker";
import { randomBytes } from "node:crypto";
import { pullImage } from "../aws/images";
import type { Foundation } from "../platform";
import { validationException } from "../protocol/errors";
import {
  type DeployedVariant,
  type FleetRecord,
  type ModelData,
  type PendingDeployment,
  now,
} from "../records";
import { modelContainer } from "./model-container";

/**
 * Fixes what a configuration means today: its models, and the images that their tags name.
 * @throws AwsError when the configuration or a model is gone; ImageError when an image is or may not be pulled.
 */
export async function resolveFleet(
  platform: Foundation,
  { configName, retained }: Pick<PendingDeployment, "configName" | "retained">,
): Promise<FleetRecord> {
  const config = platform.stores.endpointConfigs.get(configName);
  if (!config) throw validationException(`Could not find endpoint configuration "${configName}".`);
  const resolve = (some: ProductionVariant[] = []) =>
    Promise.all(
      some.map(async (variant) => ({
        ...(await resolveVariant(platform, variant)),
        ...retained[variant.VariantName ?? ""],
      })),
    );
  const [variants, shadows] = await Promise.all([
    resolve(config.ProductionVariants),
    resolve(config.ShadowProductionVariants),
  ]);
  const id = `i-${randomBytes(8).toString("hex")}`;
  return { id, endpointConfigName: configName, variants, shadows, since: now() };
}

/** A fleet as it is kept now: one that an earlier version of this server left knows no shadows, weights and counts. */
export function completed(fleet: Omit<FleetRecord, "shadows"> & Partial<FleetRecord>): FleetRecord {
  const propertiesOf = ({
    InitialVariantWeight,
    InitialInstanceCount,
    ServerlessConfig,
  }: ProductionVariant) => ({
    weight: InitialVariantWeight ?? 1,
    ...(ServerlessConfig ? {} : { instanceCount: InitialInstanceCount ?? 1 }),
  });
  const variants = fleet.variants.map((one) => ({ ...propertiesOf(one.variant), ...one }));
  return { ...fleet, variants, shadows: fleet.shadows ?? [] };
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
    const image = await pullImage(platform, session, container.Image ?? "");
    const environment = container.Environment ?? {};
    return {
      variant,
      weight: variant.InitialVariantWeight ?? 1,
      ...(variant.ServerlessConfig ? {} : { instanceCount: variant.InitialInstanceCount ?? 1 }),
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
