import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateStageCommand,
  DeleteDeploymentCommand,
  DeleteStageCommand,
  GetDeploymentCommand,
  GetStageCommand,
  type MethodSetting,
  type PatchOperation,
  UpdateDeploymentCommand,
  UpdateStageCommand,
} from "@aws-sdk/client-api-gateway";
import { type apigateway } from "@pulumi/aws";
import { type Call, idOf, type Inputs, resource } from "../shared/resource";
import { addTags, escapePath, patchMap, putTags, readTags, replace, replaceChanged } from "./patch";

const parentApi = { required: true, replaces: true } as const;

export const deployment = resource<apigateway.DeploymentArgs>({
  inputs: {
    restApi: parentApi,
    description: {},
    triggers: { replaces: true },
    variables: { replaces: true },
  },
  outputs: ["createdDate"],
  fromImportId(id) {
    const [restApi, deploymentId] = id.split("/");
    return { restApi, id: deploymentId! };
  },
  async create({ restApi, description, variables }, call) {
    const input = { restApiId: idOf(restApi), description, variables };
    return (await call.client(APIGatewayClient).send(new CreateDeploymentCommand(input))).id!;
  },
  async read({ id, restApi }, call) {
    const where = { restApiId: idOf(restApi), deploymentId: id };
    const found = await call.client(APIGatewayClient).send(new GetDeploymentCommand(where));
    return {
      restApi,
      description: found.description || undefined,
      createdDate: found.createdDate?.toISOString(),
    };
  },
  async update(now, call) {
    const patchOperations = replaceChanged(now, { description: "/description" }, call);
    const input = { restApiId: idOf(now.restApi), deploymentId: now.id, patchOperations };
    await call.client(APIGatewayClient).send(new UpdateDeploymentCommand(input));
  },
  async delete({ id, restApi }, call) {
    await call
      .client(APIGatewayClient)
      .send(new DeleteDeploymentCommand({ restApiId: idOf(restApi), deploymentId: id }));
  },
});

const stageAt = ({ restApi, stageName }: { restApi: unknown; stageName: string }) => ({
  restApiId: idOf(restApi),
  stageName,
});

const stageArn = (state: { restApi: unknown; stageName: string }, call: Call) =>
  `arn:aws:apigateway:${call.region}::/restapis/${idOf(state.restApi)}/stages/${state.stageName}`;

async function putAccessLog(inputs: Inputs<apigateway.StageArgs>, call: Call): Promise<void> {
  const { accessLogSettings: log } = inputs;
  const patchOperations: PatchOperation[] = log
    ? [
        replace("/accessLogSettings/destinationArn", log.destinationArn),
        replace("/accessLogSettings/format", log.format),
      ]
    : [{ op: "remove", path: "/accessLogSettings" }];
  await call.client(APIGatewayClient).send(new UpdateStageCommand({ ...stageAt(inputs), patchOperations }));
}

export const stage = resource<apigateway.StageArgs>({
  inputs: {
    restApi: parentApi,
    stageName: { required: true, replaces: true },
    deployment: { required: true },
    description: {},
    variables: {},
    accessLogSettings: {},
    xrayTracingEnabled: { default: false },
    cacheClusterEnabled: {},
    cacheClusterSize: {},
    documentationVersion: {},
    clientCertificateId: {},
    tags: {},
  },
  outputs: ["executionArn", "invokeUrl", "webAclArn"],
  fromImportId(id) {
    const [restApi, stageName] = id.split("/");
    return { restApi, stageName, id: `ags-${restApi}-${stageName}` };
  },
  async create(inputs, call) {
    await call.client(APIGatewayClient).send(
      new CreateStageCommand({
        ...stageAt(inputs),
        ...{
          deploymentId: idOf(inputs.deployment),
          description: inputs.description,
          variables: inputs.variables,
        },
        ...{ tracingEnabled: inputs.xrayTracingEnabled, documentationVersion: inputs.documentationVersion },
        ...{
          cacheClusterEnabled: inputs.cacheClusterEnabled,
          cacheClusterSize: inputs.cacheClusterSize as "0.5" | undefined,
        },
      }),
    );
    const id = `ags-${idOf(inputs.restApi)}-${inputs.stageName}`;
    call.created(id);
    await addTags(stageArn(inputs, call), inputs.tagsAll, call);
    if (inputs.accessLogSettings) await putAccessLog(inputs, call);
    return id;
  },
  async read(state, call) {
    const { restApiId, stageName } = stageAt(state);
    const found = await call.client(APIGatewayClient).send(new GetStageCommand({ restApiId, stageName }));
    const log = found.accessLogSettings;
    const account = await call.accountId();
    return {
      ...{
        restApi: restApiId,
        stageName,
        deployment: found.deploymentId,
        description: found.description || undefined,
      },
      ...{ variables: found.variables, xrayTracingEnabled: found.tracingEnabled ?? false },
      ...{ cacheClusterEnabled: found.cacheClusterEnabled, cacheClusterSize: found.cacheClusterSize },
      ...{ documentationVersion: found.documentationVersion, clientCertificateId: found.clientCertificateId },
      accessLogSettings: log?.destinationArn
        ? { destinationArn: log.destinationArn, format: log.format }
        : undefined,
      arn: stageArn(state, call),
      executionArn: `arn:aws:execute-api:${call.region}:${account}:${restApiId}/${stageName}`,
      // On AWS https://<api>.execute-api.<region>.amazonaws.com/<stage>; this is the local cloud's form of it.
      invokeUrl: `${new URL(call.endpoint).origin}/restapis/${restApiId}/${stageName}/_user_request_`,
      ...{ webAclArn: found.webAclArn ?? "", tagsAll: await readTags(stageArn(state, call), call) },
    };
  },
  async update(now, call, was) {
    const paths = {
      ...{ deployment: "/deploymentId", description: "/description", xrayTracingEnabled: "/tracingEnabled" },
      ...{ cacheClusterEnabled: "/cacheClusterEnabled", cacheClusterSize: "/cacheClusterSize" },
      ...{ documentationVersion: "/documentationVersion", clientCertificateId: "/clientCertificateId" },
    };
    const patchOperations = [
      ...replaceChanged(now, paths, call),
      ...patchMap("/variables", was.variables, now.variables),
    ];
    if (patchOperations.length > 0) {
      await call.client(APIGatewayClient).send(new UpdateStageCommand({ ...stageAt(now), patchOperations }));
    }
    if (call.changed("accessLogSettings")) await putAccessLog(now, call);
    await putTags(now, was, call);
  },
  async delete(state, call) {
    await call.client(APIGatewayClient).send(new DeleteStageCommand(stageAt(state)));
  },
});

/** Where the stage's patch has each setting. */
const settingPaths = {
  metricsEnabled: "metrics/enabled",
  loggingLevel: "logging/loglevel",
  dataTraceEnabled: "logging/dataTrace",
  throttlingBurstLimit: "throttling/burstLimit",
  throttlingRateLimit: "throttling/rateLimit",
  cachingEnabled: "caching/enabled",
  cacheTtlInSeconds: "caching/ttlInSeconds",
  cacheDataEncrypted: "caching/dataEncrypted",
  requireAuthorizationForCacheControl: "caching/requireAuthorizationForCacheControl",
  unauthorizedCacheControlHeaderStrategy: "caching/unauthorizedCacheControlHeaderStrategy",
} as const;
type Setting = keyof typeof settingPaths;

type SettingsInputs = Inputs<apigateway.MethodSettingsArgs>;

/** In the API the path of a method is its own key: slashes inside it are escaped, the one before the method is not. */
function settingsKey(methodPath: string): string {
  const cut = methodPath.lastIndexOf("/");
  return `${escapePath(methodPath.slice(0, cut))}/${methodPath.slice(cut + 1)}`;
}

async function putMethodSettings(inputs: SettingsInputs, call: Call): Promise<string> {
  const patchOperations = Object.entries(inputs.settings)
    .filter(([name, value]) => name in settingPaths && value !== undefined)
    .map(([name, value]) =>
      replace(`/${settingsKey(inputs.methodPath)}/${settingPaths[name as Setting]}`, value),
    );
  await call.client(APIGatewayClient).send(new UpdateStageCommand({ ...stageAt(inputs), patchOperations }));
  return `${idOf(inputs.restApi)}-${inputs.stageName}-${inputs.methodPath}`;
}

/** Only settings that the program made: the rest has AWS's own values. */
function ownSettings(
  found: MethodSetting,
  declared: SettingsInputs["settings"] | undefined,
): Record<string, unknown> {
  const entries = Object.entries(found) as [string, unknown][];
  return Object.fromEntries(
    entries.filter(([name]) => name in settingPaths && (!declared || name in declared)),
  );
}

export const methodSettings = resource<apigateway.MethodSettingsArgs>({
  inputs: {
    restApi: parentApi,
    stageName: { required: true, replaces: true },
    methodPath: { required: true, replaces: true },
    settings: { required: true },
  },
  fromImportId(id) {
    const [restApi, stageName, ...path] = id.split("/");
    const methodPath = path.join("/");
    return { restApi, stageName, methodPath, id: `${restApi}-${stageName}-${methodPath}` };
  },
  create: putMethodSettings,
  async read(state, call) {
    const { methodSettings: all = {} } = await call
      .client(APIGatewayClient)
      .send(new GetStageCommand(stageAt(state)));
    const found = all[state.methodPath] ?? all[settingsKey(state.methodPath)];
    if (!found) return undefined;
    const { restApi, stageName, methodPath } = state;
    return { restApi, stageName, methodPath, settings: ownSettings(found, state.settings) };
  },
  async update(now, call) {
    await putMethodSettings(now, call);
  },
  async delete(state, call) {
    const patchOperations: PatchOperation[] = [{ op: "remove", path: `/${settingsKey(state.methodPath)}` }];
    await call.client(APIGatewayClient).send(new UpdateStageCommand({ ...stageAt(state), patchOperations }));
  },
});
