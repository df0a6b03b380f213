import type {
  CreateEndpointConfigInput,
  DeleteEndpointConfigInput,
  DescribeEndpointConfigInput,
  ProductionVariant,
} from "@aws-sdk/client-sagemaker";
import { type Platform, arnOf } from "../platform";
import { notSupported, validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type EndpointConfigRecord, now } from "../records";
import { anyResource, operation } from "./operation";

const arn = (platform: Platform, name = "") => arnOf(platform.settings, "endpoint-config", name);
const byName = {
  resource: ({ EndpointConfigName }: { EndpointConfigName?: string }, platform: Platform) =>
    arn(platform, EndpointConfigName),
};

/** @throws AwsError in AWS's words when there is none of this name. */
export function findEndpointConfig(platform: Platform, name = ""): Readonly<EndpointConfigRecord> {
  const record = platform.stores.endpointConfigs.get(name);
  if (!record) throw validationException(`Could not find endpoint configuration "${arn(platform, name)}".`);
  return record;
}

function requireSupported(request: CreateEndpointConfigInput): void {
  if (request.AsyncInferenceConfig)
    throw notSupported("asynchronous inference", "Leave AsyncInferenceConfig out.");
}

/** @throws AwsError for data capture of serverless variants, which AWS has not. */
function requireCapture({ DataCaptureConfig, ProductionVariants = [] }: CreateEndpointConfigInput): void {
  if (DataCaptureConfig && ProductionVariants.some(({ ServerlessConfig }) => ServerlessConfig))
    throw validationException("Serverless endpoints do not support data capture.");
}

/** @throws AwsError unless there are none, or one beside one production variant, as AWS has it. */
function requireShadows(production: ProductionVariant[], shadows: ProductionVariant[]): void {
  if (shadows.length === 0) return;
  if (shadows.length > 1 || production.length > 1)
    throw validationException(
      "With ShadowProductionVariants, exactly one variant can be specified in ProductionVariants and one in ShadowProductionVariants.",
    );
  if ([...production, ...shadows].some(({ ServerlessConfig }) => ServerlessConfig))
    throw validationException("Serverless endpoints do not support shadow variants.");
}

function requireVariants(platform: Platform, variants: ProductionVariant[]): void {
  const names = variants.map(({ VariantName }) => VariantName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw validationException(`Variant names must be unique: '${twice}' occurs more than once.`);
  for (const {
    VariantName,
    ModelName = "",
    ServerlessConfig,
    InstanceType,
    InitialInstanceCount,
  } of variants) {
    if (!platform.stores.models.get(ModelName)) {
      throw validationException(`Could not find model "${arnOf(platform.settings, "model", ModelName)}".`);
    }
    if (ServerlessConfig && (InstanceType || InitialInstanceCount !== undefined)) {
      throw validationException(
        `Variant '${VariantName}' has both a ServerlessConfig and an InstanceType or InitialInstanceCount. Only one of them can be specified.`,
      );
    }
    if (!ServerlessConfig && !InstanceType) {
      throw validationException(`Variant '${VariantName}' needs an InstanceType or a ServerlessConfig.`);
    }
  }
  if (variants.length > 1 && variants.some(({ ServerlessConfig }) => ServerlessConfig)) {
    throw validationException("Serverless endpoints support exactly one production variant.");
  }
}

const withWeight = (variant: ProductionVariant) => ({ InitialVariantWeight: 1, ...variant });

const create = operation<CreateEndpointConfigInput>({
  ...byName,
  run(request, platform) {
    const { EndpointConfigName: name = "", ProductionVariants = [], ShadowProductionVariants = [] } = request;
    requireSupported(request);
    requireCapture(request);
    requireShadows(ProductionVariants, ShadowProductionVariants);
    requireVariants(platform, [...ProductionVariants, ...ShadowProductionVariants]);
    if (platform.stores.endpointConfigs.get(name)) {
      throw validationException(
        `Cannot create already existing endpoint configuration "${arn(platform, name)}".`,
      );
    }
    const record: EndpointConfigRecord = {
      ...request,
      // AWS fills in what was left out, and Describe shows it.
      ProductionVariants: ProductionVariants.map(withWeight),
      ...(ShadowProductionVariants.length
        ? { ShadowProductionVariants: ShadowProductionVariants.map(withWeight) }
        : {}),
      ...{ EndpointConfigName: name, arn: arn(platform, name), EndpointConfigArn: arn(platform, name) },
      ...{ tags: request.Tags ?? [], CreationTime: now() },
    };
    platform.stores.endpointConfigs.put(name, record);
    return { EndpointConfigArn: record.arn };
  },
});

const describe = operation<DescribeEndpointConfigInput>({
  ...byName,
  run: ({ EndpointConfigName }, platform) => ({
    EnableNetworkIsolation: false,
    ...platform.models.sagemaker.pick(
      "DescribeEndpointConfigOutput",
      findEndpointConfig(platform, EndpointConfigName),
    ),
  }),
});

const list = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (config: EndpointConfigRecord) => ({
      name: config.EndpointConfigName,
      creationTime: config.CreationTime,
    });
    const { page, NextToken } = listPage(stores.endpointConfigs.values(), input, keysOf, "Descending");
    return {
      EndpointConfigs: page.map((config) => models.sagemaker.pick("EndpointConfigSummary", config)),
      NextToken,
    };
  },
});

const remove = operation<DeleteEndpointConfigInput>({
  ...byName,
  run({ EndpointConfigName: name = "" }, platform) {
    findEndpointConfig(platform, name);
    platform.stores.endpointConfigs.delete(name);
    return {};
  },
});

export const endpointConfigOperations = {
  CreateEndpointConfig: create,
  DescribeEndpointConfig: describe,
  ListEndpointConfigs: list,
  DeleteEndpointConfig: remove,
};
