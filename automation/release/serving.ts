import {
  DescribeEndpointCommand,
  type DescribeEndpointCommandOutput,
  DescribeEndpointConfigCommand,
  DescribeModelCommand,
  type SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { isMissing } from "./clients";

/** A model as SageMaker has it. */
export interface Model {
  /** Id of the release; undefined when Slipway has not made the model. */
  release: string | undefined;
  artifact: string | undefined;
  image: string | undefined;
}

/** A model behind an endpoint. */
export interface ServedModel extends Model {
  model: string;
  configuration: string;
  /** Id of the release that sees a copy of each request, if one does. */
  shadow: string | undefined;
}

/** What an endpoint serves. */
export interface Serving {
  /** Of the endpoint. */
  name: string;
  /** `InService`, `Updating`, `RollingBack`, `Failed`, ... */
  status: string;
  /** Why the last deployment failed, if it did. */
  failureReason: string | undefined;
  /** ISO 8601; of the last change. */
  since: string | undefined;
  current: ServedModel;
  /** What is being deployed; while it is, each of the two may answer. */
  next: ServedModel | undefined;
}

/** Asks SageMaker itself: nothing here is taken from Pulumi's memory. Undefined when there is no such endpoint. */
export async function readServing(client: SageMakerClient, endpoint: string): Promise<Serving | undefined> {
  const found = await describeEndpoint(client, endpoint);
  if (!found) return undefined;
  const { EndpointConfigName, PendingDeploymentSummary } = found;
  const pending = PendingDeploymentSummary?.EndpointConfigName;
  return {
    name: endpoint,
    status: found.EndpointStatus ?? "unknown",
    failureReason: found.FailureReason,
    since: found.LastModifiedTime?.toISOString(),
    current: await readServed(client, EndpointConfigName ?? ""),
    next: pending && pending !== EndpointConfigName ? await readServed(client, pending) : undefined,
  };
}

/** SageMaker's description of an endpoint; undefined when there is none of the name. */
export async function describeEndpoint(
  client: SageMakerClient,
  EndpointName: string,
): Promise<DescribeEndpointCommandOutput | undefined> {
  return client.send(new DescribeEndpointCommand({ EndpointName })).catch((error: Error) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

async function readServed(client: SageMakerClient, configuration: string): Promise<ServedModel> {
  const [model = "", shadow] = (await modelsOf(client, configuration)).values();
  return {
    ...(await readModel(client, model)),
    ...{ model, configuration, shadow: shadow && (await readModel(client, shadow)).release },
  };
}

/** The models of an endpoint configuration by the names of their variants; a shadow comes last. */
export async function modelsOf(
  client: SageMakerClient,
  EndpointConfigName: string,
): Promise<Map<string, string>> {
  const { ProductionVariants = [], ShadowProductionVariants = [] } = await client.send(
    new DescribeEndpointConfigCommand({ EndpointConfigName }),
  );
  const variants = [...ProductionVariants, ...ShadowProductionVariants];
  return new Map(variants.map(({ VariantName = "", ModelName = "" }) => [VariantName, ModelName]));
}

/** What a model was made of, and of which release it is. */
export async function readModel(client: SageMakerClient, ModelName: string): Promise<Model> {
  const { PrimaryContainer } = await client.send(new DescribeModelCommand({ ModelName }));
  return {
    release: PrimaryContainer?.Environment?.RELEASE_ID,
    artifact: PrimaryContainer?.ModelDataUrl,
    image: PrimaryContainer?.Image,
  };
}
