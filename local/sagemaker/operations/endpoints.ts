import type {
  CreateEndpointInput,
  DeleteEndpointInput,
  DescribeEndpointInput,
  UpdateEndpointInput,
} from "@aws-sdk/client-sagemaker";
import { byDigest } from "../../images";
import { announceEndpoint } from "../endpoints/endpoints";
import { type Platform, arnOf } from "../platform";
import { notSupported, validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type DeployedVariant, type EndpointRecord, now } from "../records";
import { findEndpointConfig } from "./endpoint-configs";
import { anyResource, operation } from "./operation";

const arn = (platform: Platform, name = "") => arnOf(platform.settings, "endpoint", name);
const byName = {
  resource: ({ EndpointName }: { EndpointName?: string }, platform: Platform) => arn(platform, EndpointName),
};

function find(platform: Platform, name = ""): Readonly<EndpointRecord> {
  const record = platform.stores.endpoints.get(name);
  if (!record) throw validationException(`Could not find endpoint "${arn(platform, name)}".`);
  return record;
}

/** @throws AwsError while something is being done to the endpoint. */
function requireSettled({ EndpointStatus, arn }: EndpointRecord): void {
  if (["InService", "Failed", "OutOfService"].includes(EndpointStatus)) return;
  throw validationException(`Cannot update in-progress endpoint "${arn}".`);
}

const create = operation<CreateEndpointInput>({
  ...byName,
  run(
    { EndpointName: name = "", EndpointConfigName: configName = "", Tags = [], DeploymentConfig },
    platform,
  ) {
    if (DeploymentConfig)
      throw notSupported("DeploymentConfig", "Leave it out: the new fleet takes over once it is healthy.");
    findEndpointConfig(platform, configName);
    if (platform.stores.endpoints.get(name)) {
      throw validationException(`Cannot create already existing endpoint "${arn(platform, name)}".`);
    }
    const time = now();
    const record: EndpointRecord = {
      ...{ arn: arn(platform, name), tags: Tags, EndpointName: name, EndpointArn: arn(platform, name) },
      ...{ EndpointConfigName: configName, EndpointStatus: "Creating", pendingConfigName: configName },
      ...{ CreationTime: time, LastModifiedTime: time },
    };
    platform.stores.endpoints.put(name, record);
    announceEndpoint(platform.events, record);
    platform.endpoints.deploy(name, configName);
    return { EndpointArn: record.arn };
  },
});

const update = operation<UpdateEndpointInput>({
  ...byName,
  run({ EndpointName: name = "", EndpointConfigName: configName = "", DeploymentConfig }, platform) {
    if (DeploymentConfig)
      throw notSupported("DeploymentConfig", "Leave it out: the new fleet takes over once it is healthy.");
    const record = find(platform, name);
    const config = findEndpointConfig(platform, configName);
    requireSettled(record);
    if (record.EndpointStatus === "Failed") {
      throw validationException(
        `Cannot update endpoint "${record.arn}" with status Failed. Delete it and create it again.`,
      );
    }
    const serverless = (variants: { ServerlessConfig?: unknown }[]) =>
      variants.some((variant) => variant.ServerlessConfig);
    const served = record.fleet?.variants.map(({ variant }) => variant) ?? [];
    if (serverless(served) !== serverless(config.ProductionVariants ?? [])) {
      throw validationException(
        `Cannot update endpoint "${record.arn}" between serverless and instance-based variants. Create another endpoint.`,
      );
    }
    const updated = platform.stores.endpoints.update(name, {
      ...{ EndpointStatus: "Updating", pendingConfigName: configName, FailureReason: undefined },
      LastModifiedTime: now(),
    });
    announceEndpoint(platform.events, updated);
    platform.endpoints.deploy(name, configName);
    return { EndpointArn: record.arn };
  },
});

const describe = operation<DescribeEndpointInput>({
  ...byName,
  run({ EndpointName }, platform) {
    const record = find(platform, EndpointName);
    const { fleet, pendingConfigName, EndpointStatus } = record;
    return {
      ...platform.models.sagemaker.pick("DescribeEndpointOutput", record),
      ProductionVariants: fleet?.variants.map((deployed) => variantSummary(deployed, fleet.since)),
      ...(EndpointStatus === "Updating" && pendingConfigName
        ? {
            PendingDeploymentSummary: {
              EndpointConfigName: pendingConfigName,
              StartTime: record.LastModifiedTime,
            },
          }
        : {}),
    };
  },
});

function variantSummary({ variant, image }: DeployedVariant, since: number): object {
  const { VariantName, InitialVariantWeight = 1, InitialInstanceCount, ServerlessConfig } = variant;
  const scale = ServerlessConfig
    ? { CurrentServerlessConfig: ServerlessConfig }
    : { CurrentInstanceCount: InitialInstanceCount ?? 1, DesiredInstanceCount: InitialInstanceCount ?? 1 };
  const ResolvedImage = byDigest(image.uri, image.digest);
  return {
    VariantName,
    DeployedImages: [{ SpecifiedImage: image.uri, ResolvedImage, ResolutionTime: since }],
    ...{ CurrentWeight: InitialVariantWeight, DesiredWeight: InitialVariantWeight },
    ...scale,
  };
}

const list = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (endpoint: EndpointRecord) => ({
      ...{ name: endpoint.EndpointName, status: endpoint.EndpointStatus },
      ...{ creationTime: endpoint.CreationTime, lastModifiedTime: endpoint.LastModifiedTime },
    });
    const { page, NextToken } = listPage(stores.endpoints.values(), input, keysOf, "Descending");
    return {
      Endpoints: page.map((endpoint) => models.sagemaker.pick("EndpointSummary", endpoint)),
      NextToken,
    };
  },
});

const remove = operation<DeleteEndpointInput>({
  ...byName,
  run({ EndpointName: name = "" }, platform) {
    requireSettled(find(platform, name));
    const deleting = { EndpointStatus: "Deleting" as const, LastModifiedTime: now() };
    announceEndpoint(platform.events, platform.stores.endpoints.update(name, deleting));
    platform.endpoints.remove(name);
    return {};
  },
});

export const endpointOperations = {
  CreateEndpoint: create,
  UpdateEndpoint: update,
  DescribeEndpoint: describe,
  ListEndpoints: list,
  DeleteEndpoint: remove,
};
