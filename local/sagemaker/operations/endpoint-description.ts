import type { ProductionVariant } from "@aws-sdk/client-sagemaker";
import { byDigest } from "../../images";
import type { Platform } from "../platform";
import type { DeployedVariant, EndpointRecord, PendingDeployment } from "../records";

/** What DescribeEndpoint answers. */
export function endpointDescription(platform: Platform, record: Readonly<EndpointRecord>): object {
  const { fleet, pending } = record;
  const shown = (deployed: DeployedVariant[] = []) =>
    deployed.map((one) => variantSummary(one, fleet?.since));
  return {
    ...platform.models.sagemaker.pick("DescribeEndpointOutput", record),
    ...(fleet ? { ProductionVariants: shown(fleet.variants) } : {}),
    ...(fleet?.shadows.length ? { ShadowProductionVariants: shown(fleet.shadows) } : {}),
    ...(pending ? { PendingDeploymentSummary: deploymentSummary(platform, pending) } : {}),
  };
}

function variantSummary({ variant, image, weight, instanceCount }: DeployedVariant, since?: number): object {
  const { VariantName, ServerlessConfig } = variant;
  const scale = ServerlessConfig
    ? { CurrentServerlessConfig: ServerlessConfig }
    : { CurrentInstanceCount: instanceCount, DesiredInstanceCount: instanceCount };
  const ResolvedImage = byDigest(image.uri, image.digest);
  return {
    VariantName,
    DeployedImages: [{ SpecifiedImage: image.uri, ResolvedImage, ResolutionTime: since }],
    ...{ CurrentWeight: weight, DesiredWeight: weight },
    ...scale,
  };
}

function deploymentSummary({ stores }: Platform, pending: PendingDeployment): object {
  const { configName: EndpointConfigName, startTime: StartTime } = pending;
  const config = stores.endpointConfigs.get(EndpointConfigName);
  const shown = (variants: ProductionVariant[] = []) =>
    variants.map((variant) => pendingVariant(variant, pending));
  const shadows = shown(config?.ShadowProductionVariants);
  return {
    ...{ EndpointConfigName, StartTime, ProductionVariants: shown(config?.ProductionVariants) },
    ...(shadows.length > 0 ? { ShadowProductionVariants: shadows } : {}),
  };
}

/** `CurrentWeight` and `CurrentInstanceCount` are what gets traffic so far. */
function pendingVariant(variant: ProductionVariant, pending: PendingDeployment): object {
  const { VariantName = "", InitialVariantWeight = 1, InitialInstanceCount = 1 } = variant;
  const { retained, share, stage, stageTime } = pending;
  const weight = retained[VariantName]?.weight ?? InitialVariantWeight;
  const count = retained[VariantName]?.instanceCount ?? InitialInstanceCount;
  const scale = variant.ServerlessConfig
    ? { DesiredServerlessConfig: variant.ServerlessConfig }
    : {
        ...{ InstanceType: variant.InstanceType, DesiredInstanceCount: count },
        CurrentInstanceCount: Math.ceil(share * count),
      };
  return {
    ...{ VariantName, CurrentWeight: share * weight, DesiredWeight: weight, ...scale },
    VariantStatus: [{ Status: stage, StartTime: stageTime }],
  };
}
