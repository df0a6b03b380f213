import type {
  CreateEndpointInput,
  DeploymentConfig,
  DeleteEndpointInput,
  DescribeEndpointInput,
  UpdateEndpointInput,
  UpdateEndpointWeightsAndCapacitiesInput,
} from "@aws-sdk/client-sagemaker";
import { announceEndpoint } from "../endpoints/endpoints";
import { type Platform, arnOf } from "../platform";
import { validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type EndpointRecord, now } from "../records";
import { pendingDeployment, requireSameVariants, retainedProperties } from "./endpoint-deployment";
import { endpointDescription } from "./endpoint-description";
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
  async run(request, platform) {
    const { EndpointName: name = "", EndpointConfigName: configName = "", Tags = [] } = request;
    const config = findEndpointConfig(platform, configName);
    const pending = await pendingDeployment(platform, config, request.DeploymentConfig);
    if (platform.stores.endpoints.get(name)) {
      throw validationException(`Cannot create already existing endpoint "${arn(platform, name)}".`);
    }
    const time = now();
    const record: EndpointRecord = {
      ...{ arn: arn(platform, name), tags: Tags, EndpointName: name, EndpointArn: arn(platform, name) },
      ...{ EndpointConfigName: configName, EndpointStatus: "Creating", pending },
      ...{ CreationTime: time, LastModifiedTime: time, LastDeploymentConfig: request.DeploymentConfig },
    };
    platform.stores.endpoints.put(name, record);
    announceEndpoint(platform.events, record);
    platform.endpoints.deploy(name, pending);
    return { EndpointArn: record.arn };
  },
});

const update = operation<UpdateEndpointInput>({
  ...byName,
  async run(request, platform) {
    const { EndpointName: name = "", EndpointConfigName: configName = "" } = request;
    const deploymentConfig = deploymentConfigOf(request, find(platform, name));
    const config = findEndpointConfig(platform, configName);
    const prepared = await pendingDeployment(platform, config, deploymentConfig);
    const record = find(platform, name);
    requireSettled(record);
    if (record.EndpointStatus === "Failed") {
      throw validationException(
        `Cannot update endpoint "${record.arn}" with status Failed. Delete it and create it again.`,
      );
    }
    findEndpointConfig(platform, record.EndpointConfigName); // AWS needs it as well, to go back to
    requireSameVariants(record, config, deploymentConfig);
    const pending = { ...prepared, retained: retainedProperties(record, request) };
    const updated = platform.stores.endpoints.update(name, {
      ...{ EndpointStatus: "Updating", pending, FailureReason: undefined },
      ...{ LastModifiedTime: now(), LastDeploymentConfig: deploymentConfig },
    });
    announceEndpoint(platform.events, updated);
    platform.endpoints.deploy(name, pending);
    return { EndpointArn: record.arn };
  },
});

function deploymentConfigOf(
  { DeploymentConfig, RetainDeploymentConfig }: UpdateEndpointInput,
  { LastDeploymentConfig }: EndpointRecord,
): DeploymentConfig | undefined {
  if (DeploymentConfig && RetainDeploymentConfig)
    throw validationException("DeploymentConfig cannot be specified when RetainDeploymentConfig is true.");
  return RetainDeploymentConfig ? LastDeploymentConfig : DeploymentConfig;
}

const updateWeightsAndCapacities = operation<UpdateEndpointWeightsAndCapacitiesInput>({
  ...byName,
  run({ EndpointName: name = "", DesiredWeightsAndCapacities = [] }, platform) {
    const record = find(platform, name);
    if (record.EndpointStatus !== "InService")
      throw validationException(`Cannot update endpoint "${record.arn}" which is not in service.`);
    const known = [...(record.fleet?.variants ?? []), ...(record.fleet?.shadows ?? [])];
    const changes = DesiredWeightsAndCapacities.map((wanted) => {
      const { VariantName = "", DesiredWeight: weight, DesiredInstanceCount: instanceCount } = wanted;
      const found = known.find(({ variant }) => variant.VariantName === VariantName);
      if (!found)
        throw validationException(`Could not find variant "${VariantName}" of endpoint "${record.arn}".`);
      if (instanceCount !== undefined && found.instanceCount === undefined)
        throw validationException(`Variant "${VariantName}" is serverless: it has no instance count.`);
      if (instanceCount !== undefined && instanceCount < 1)
        throw validationException(`DesiredInstanceCount of variant "${VariantName}" must be 1 or more.`);
      const given = {
        ...(weight === undefined ? {} : { weight }),
        ...(instanceCount === undefined ? {} : { instanceCount }),
      };
      return [VariantName, given] as const;
    });
    const updating = { EndpointStatus: "Updating" as const, LastModifiedTime: now() };
    announceEndpoint(platform.events, platform.stores.endpoints.update(name, updating));
    platform.endpoints.scale(name, Object.fromEntries(changes));
    return { EndpointArn: record.arn };
  },
});

const describe = operation<DescribeEndpointInput>({
  ...byName,
  run: ({ EndpointName }, platform) => endpointDescription(platform, find(platform, EndpointName)),
});

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
  UpdateEndpointWeightsAndCapacities: updateWeightsAndCapacities,
  DescribeEndpoint: describe,
  ListEndpoints: list,
  DeleteEndpoint: remove,
};
