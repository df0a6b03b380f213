import {
  AddTagsCommand,
  CreateEndpointCommand,
  type CreateEndpointCommandInput,
  CreateEndpointConfigCommand,
  type CreateEndpointConfigCommandInput,
  CreateModelCommand,
  type CreateModelCommandInput,
  CreateModelPackageGroupCommand,
  DeleteEndpointCommand,
  DeleteEndpointConfigCommand,
  DeleteModelCommand,
  DeleteModelPackageGroupCommand,
  DeleteTagsCommand,
  DescribeEndpointCommand,
  type DescribeEndpointCommandOutput,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  DescribeModelPackageGroupCommand,
  ListTagsCommand,
  SageMakerClient,
  UpdateEndpointCommand,
  type UpdateEndpointCommandInput,
} from "@aws-sdk/client-sagemaker";
import { type sagemaker } from "@pulumi/aws";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyResourceType, type Call, type Inputs, resource, type State } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";
import { fromApi, toApi } from "./shapes";

const pollMs = 200;
/** Longer than an endpoint needs to become healthy (4 minutes a container) and to bake twice, an hour each. */
const endpointMinutes = 150;

async function readTags(
  ResourceArn: string | undefined,
  call: Call,
): Promise<Record<string, string | undefined>> {
  const { Tags } = await call.client(SageMakerClient).send(new ListTagsCommand({ ResourceArn }));
  return fromTagList(Tags);
}

async function putTags(now: State<object>, was: State<object>, call: Call): Promise<void> {
  if (!call.changed("tagsAll")) return;
  const client = call.client(SageMakerClient);
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  if (remove.length > 0) await client.send(new DeleteTagsCommand({ ResourceArn: now.arn, TagKeys: remove }));
  if (Object.keys(set).length > 0)
    await client.send(new AddTagsCommand({ ResourceArn: now.arn, Tags: toTagList(set) }));
}

const model = resource<sagemaker.ModelArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 63 } },
    executionRoleArn: { required: true, replaces: true },
    primaryContainer: { replaces: true },
    containers: { replaces: true },
    vpcConfig: { replaces: true },
    enableNetworkIsolation: { replaces: true },
    inferenceExecutionConfig: { replaces: true, computed: true },
    tags: {},
  },
  async create(inputs, call) {
    const input = {
      ModelName: inputs.name,
      ExecutionRoleArn: inputs.executionRoleArn,
      PrimaryContainer: toApi(inputs.primaryContainer),
      Containers: toApi(inputs.containers),
      VpcConfig: toApi(inputs.vpcConfig),
      EnableNetworkIsolation: inputs.enableNetworkIsolation,
      InferenceExecutionConfig: toApi(inputs.inferenceExecutionConfig),
      Tags: toTagList(inputs.tagsAll),
    } as CreateModelCommandInput;
    await call.client(SageMakerClient).send(new CreateModelCommand(input));
    return inputs.name!;
  },
  async read({ id }, call) {
    const found = await call.client(SageMakerClient).send(new DescribeModelCommand({ ModelName: id }));
    return {
      ...{ name: id, arn: found.ModelArn, executionRoleArn: found.ExecutionRoleArn },
      primaryContainer: fromApi(found.PrimaryContainer),
      containers: fromApi(found.Containers?.length ? found.Containers : undefined),
      vpcConfig: fromApi(found.VpcConfig),
      enableNetworkIsolation: found.EnableNetworkIsolation ?? false,
      inferenceExecutionConfig: fromApi(found.InferenceExecutionConfig),
      tagsAll: await readTags(found.ModelArn, call),
    };
  },
  update: (now, call, was) => putTags(now, was, call),
  async delete({ id }, call) {
    await call.client(SageMakerClient).send(new DeleteModelCommand({ ModelName: id }));
  },
});

const endpointConfiguration = resource<sagemaker.EndpointConfigurationArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 63 } },
    namePrefix: { replaces: true },
    productionVariants: { required: true, replaces: true },
    shadowProductionVariants: { replaces: true },
    kmsKeyArn: { replaces: true },
    dataCaptureConfig: { replaces: true },
    asyncInferenceConfig: { replaces: true },
    executionRoleArn: { replaces: true },
    tags: {},
  },
  async create(inputs, call) {
    const input = {
      EndpointConfigName: inputs.name,
      ProductionVariants: toApi(withVariantNames(inputs.productionVariants)),
      ShadowProductionVariants: toApi(inputs.shadowProductionVariants),
      KmsKeyId: inputs.kmsKeyArn,
      DataCaptureConfig: toApi(inputs.dataCaptureConfig),
      AsyncInferenceConfig: toApi(inputs.asyncInferenceConfig),
      ExecutionRoleArn: inputs.executionRoleArn,
      Tags: toTagList(inputs.tagsAll),
    } as CreateEndpointConfigCommandInput;
    await call.client(SageMakerClient).send(new CreateEndpointConfigCommand(input));
    return inputs.name!;
  },
  async read({ id }, call) {
    const found = await call
      .client(SageMakerClient)
      .send(new DescribeEndpointConfigCommand({ EndpointConfigName: id }));
    const shadows = found.ShadowProductionVariants;
    return {
      ...{
        name: id,
        arn: found.EndpointConfigArn,
        kmsKeyArn: found.KmsKeyId,
        executionRoleArn: found.ExecutionRoleArn,
      },
      productionVariants: fromApi(found.ProductionVariants),
      shadowProductionVariants: fromApi(shadows?.length ? shadows : undefined),
      dataCaptureConfig: fromApi(found.DataCaptureConfig),
      asyncInferenceConfig: fromApi(found.AsyncInferenceConfig),
      tagsAll: await readTags(found.EndpointConfigArn, call),
    };
  },
  update: (now, call, was) => putTags(now, was, call),
  async delete({ id }, call) {
    await call.client(SageMakerClient).send(new DeleteEndpointConfigCommand({ EndpointConfigName: id }));
  },
});

type Variants = Inputs<sagemaker.EndpointConfigurationArgs>["productionVariants"];

/** As the real provider: a variant without a name gets one, and takes all of the traffic if it is not told its share. */
const withVariantNames = (variants: Variants) =>
  variants.map((one, index) => ({ variantName: `variant-${index + 1}`, initialVariantWeight: 1, ...one }));

/**
 * Waits until nothing is being done to the endpoint. As with the real provider it is a success when SageMaker has rolled
 * an update back: the state then has the configuration that serves.
 * @throws Error with SageMaker's reason when the endpoint failed.
 */
async function endpointInService(EndpointName: string, call: Call): Promise<void> {
  const deadline = Date.now() + endpointMinutes * 60_000;
  let last = "";
  while (Date.now() < deadline) {
    const found = await call.client(SageMakerClient).send(new DescribeEndpointCommand({ EndpointName }));
    const { EndpointStatus: status = "", FailureReason } = found;
    if (status === "InService") return;
    if (/Failed|OutOfService/.test(status))
      throw new Error(`the endpoint is ${status}. ${FailureReason ?? ""}`);
    const now = [status, deploymentStage(found)].filter(Boolean).join(", ");
    if (now !== last) call.status(`endpoint ${EndpointName}: ${now}`);
    last = now;
    await sleep(pollMs);
  }
  throw new Error(`the endpoint is still ${last} after ${endpointMinutes} minutes`);
}

/** `Baking, 25 % of the requests`, while a new fleet takes over. */
function deploymentStage({ PendingDeploymentSummary: pending }: DescribeEndpointCommandOutput): string {
  const [variant] = pending?.ProductionVariants ?? [];
  const stage = variant?.VariantStatus?.[0]?.Status;
  if (!variant || !stage) return "";
  const share = (variant.CurrentWeight ?? 0) / (variant.DesiredWeight || 1);
  return `${stage}, ${Math.round(100 * share)} % of the requests`;
}

/** As the real provider: an endpoint that gets its first alarms, or loses them all, is made anew. */
const changesRollback = (was: unknown, now: unknown) =>
  hasRollback(was as DeploymentConfig) !== hasRollback(now as DeploymentConfig);
type DeploymentConfig = Inputs<sagemaker.EndpointArgs>["deploymentConfig"];
const hasRollback = (config: DeploymentConfig) => config?.autoRollbackConfiguration !== undefined;

const endpoint = resource<sagemaker.EndpointArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 63 } },
    endpointConfigName: { required: true, live: true },
    deploymentConfig: { replaces: changesRollback },
    tags: {},
  },
  async create(inputs, call) {
    const input = {
      EndpointName: inputs.name,
      EndpointConfigName: inputs.endpointConfigName,
      DeploymentConfig: toApi(inputs.deploymentConfig),
      Tags: toTagList(inputs.tagsAll),
    } as CreateEndpointCommandInput;
    await call.client(SageMakerClient).send(new CreateEndpointCommand(input));
    call.created(inputs.name!);
    await endpointInService(inputs.name!, call);
    return inputs.name!;
  },
  async read({ id, deploymentConfig }, call) {
    const found = await call.client(SageMakerClient).send(new DescribeEndpointCommand({ EndpointName: id }));
    if (found.EndpointStatus === "Deleting") return undefined;
    return {
      ...{ name: id, arn: found.EndpointArn, endpointConfigName: found.EndpointConfigName },
      deploymentConfig: fromApi(found.LastDeploymentConfig) ?? deploymentConfig,
      tagsAll: await readTags(found.EndpointArn, call),
    };
  },
  async update(now, call, was) {
    const client = call.client(SageMakerClient);
    const EndpointName = now.id;
    const isRolledBack = was.endpointConfigName !== now.endpointConfigName;
    if (isRolledBack || call.changed("endpointConfigName", "deploymentConfig")) {
      const EndpointConfigName = now.endpointConfigName;
      const DeploymentConfig = toApi(now.deploymentConfig);
      const input = { EndpointName, EndpointConfigName, DeploymentConfig } as UpdateEndpointCommandInput;
      await client.send(new UpdateEndpointCommand(input));
      await endpointInService(EndpointName, call);
    }
    await putTags(now, was, call);
  },
  async delete({ id }, call) {
    const client = call.client(SageMakerClient);
    await client.send(new DeleteEndpointCommand({ EndpointName: id }));
    for (;;) {
      await client.send(new DescribeEndpointCommand({ EndpointName: id })); // ends with "could not find" once it is gone
      await sleep(pollMs);
    }
  },
});

const modelPackageGroup = resource<sagemaker.ModelPackageGroupArgs>({
  inputs: {
    modelPackageGroupName: { required: true, replaces: true },
    modelPackageGroupDescription: { replaces: true },
    tags: {},
  },
  async create(inputs, call) {
    const { modelPackageGroupName: ModelPackageGroupName, modelPackageGroupDescription } = inputs;
    await call.client(SageMakerClient).send(
      new CreateModelPackageGroupCommand({
        ...{ ModelPackageGroupName, ModelPackageGroupDescription: modelPackageGroupDescription },
        Tags: toTagList(inputs.tagsAll),
      }),
    );
    return ModelPackageGroupName;
  },
  async read({ id }, call) {
    const found = await call
      .client(SageMakerClient)
      .send(new DescribeModelPackageGroupCommand({ ModelPackageGroupName: id }));
    return {
      ...{ modelPackageGroupName: id, arn: found.ModelPackageGroupArn },
      modelPackageGroupDescription: found.ModelPackageGroupDescription,
      tagsAll: await readTags(found.ModelPackageGroupArn, call),
    };
  },
  update: (now, call, was) => putTags(now, was, call),
  async delete({ id }, call) {
    await call
      .client(SageMakerClient)
      .send(new DeleteModelPackageGroupCommand({ ModelPackageGroupName: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:sagemaker/model:Model": model,
  "aws:sagemaker/endpointConfiguration:EndpointConfiguration": endpointConfiguration,
  "aws:sagemaker/endpoint:Endpoint": endpoint,
  "aws:sagemaker/modelPackageGroup:ModelPackageGroup": modelPackageGroup,
};
