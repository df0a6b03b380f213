import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateUsagePlanCommand,
  CreateUsagePlanKeyCommand,
  DeleteApiKeyCommand,
  DeleteUsagePlanCommand,
  DeleteUsagePlanKeyCommand,
  GetApiKeyCommand,
  GetUsagePlanCommand,
  GetUsagePlanKeyCommand,
  type PatchOperation,
  type QuotaPeriodType,
  UpdateApiKeyCommand,
  UpdateUsagePlanCommand,
} from "@aws-sdk/client-api-gateway";
import { type apigateway } from "@pulumi/aws";
import { isDeepStrictEqual } from "node:util";
import { type Call, type Inputs, resource } from "../shared/resource";
import { secret } from "../shared/values";
import { addTags, putTags, readTags, replace, replaceChanged } from "./patch";

const keyArn = (id: string, call: Call) => `arn:aws:apigateway:${call.region}::/apikeys/${id}`;
const planArn = (id: string, call: Call) => `arn:aws:apigateway:${call.region}::/usageplans/${id}`;

const standardDescription = "Managed by Pulumi";

export const apiKey = resource<apigateway.ApiKeyArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 1024 } },
    description: { default: standardDescription },
    enabled: { default: true },
    customerId: {},
    value: { replaces: true, computed: true, secret: true },
    tags: {},
  },
  outputs: ["createdDate", "lastUpdatedDate"],
  volatile: ["lastUpdatedDate"],
  async create(inputs, call) {
    const { name, description, enabled, customerId, value } = inputs;
    const input = { name, description, enabled, customerId, value };
    const { id } = await call.client(APIGatewayClient).send(new CreateApiKeyCommand(input));
    call.created(id!);
    await addTags(keyArn(id!, call), inputs.tagsAll, call);
    return id!;
  },
  async read({ id }, call) {
    const found = await call
      .client(APIGatewayClient)
      .send(new GetApiKeyCommand({ apiKey: id, includeValue: true }));
    return {
      ...{
        name: found.name,
        description: found.description,
        enabled: found.enabled ?? true,
        value: found.value,
      },
      ...{
        customerId: found.customerId || undefined,
        arn: keyArn(id, call),
      },
      ...{
        createdDate: found.createdDate?.toISOString(),
        lastUpdatedDate: found.lastUpdatedDate?.toISOString(),
      },
      tagsAll: await readTags(keyArn(id, call), call),
    };
  },
  async update(now, call, was) {
    const paths = { description: "/description", enabled: "/enabled", customerId: "/customerId" };
    const patchOperations = replaceChanged(now, paths, call);
    if (patchOperations.length > 0) {
      await call.client(APIGatewayClient).send(new UpdateApiKeyCommand({ apiKey: now.id, patchOperations }));
    }
    await putTags(now, was, call);
  },
  async delete({ id }, call) {
    await call.client(APIGatewayClient).send(new DeleteApiKeyCommand({ apiKey: id }));
  },
});

type PlanInputs = Inputs<apigateway.UsagePlanArgs>;
type ApiStage = NonNullable<PlanInputs["apiStages"]>[number];

const toApiStage = ({ apiId, stage, throttles }: ApiStage) => ({
  ...{ apiId, stage },
  throttle:
    throttles &&
    Object.fromEntries(throttles.map(({ path, burstLimit, rateLimit }) => [path, { burstLimit, rateLimit }])),
});

/** Stages are taken out and put in whole: a throttle of one method cannot be changed alone. */
function patchStages(was: ApiStage[] = [], now: ApiStage[] = []): PatchOperation[] {
  const key = ({ apiId, stage }: ApiStage) => `${apiId}:${stage}`;
  const isIn = (list: ApiStage[]) => (one: ApiStage) => list.some((other) => isDeepStrictEqual(one, other));
  const added = now.filter((one) => !isIn(was)(one));
  const throttles = added.flatMap((one) =>
    (one.throttles ?? []).flatMap(({ path, burstLimit, rateLimit }) => [
      replace(`/apiStages/${key(one)}/throttle/${path}/burstLimit`, burstLimit),
      replace(`/apiStages/${key(one)}/throttle/${path}/rateLimit`, rateLimit),
    ]),
  );
  return [
    ...was
      .filter((one) => !isIn(now)(one))
      .map((one): PatchOperation => ({ op: "remove", path: "/apiStages", value: key(one) })),
    ...added.map((one): PatchOperation => ({ op: "add", path: "/apiStages", value: key(one) })),
    ...throttles,
  ];
}

function patchLimits(path: string, now: Record<string, unknown> | undefined): PatchOperation[] {
  if (!now) return [{ op: "remove", path }];
  return Object.entries(now).map(([name, value]) => replace(`${path}/${name}`, value));
}

export const usagePlan = resource<apigateway.UsagePlanArgs>({
  inputs: {
    name: { autoName: { maxLength: 255 } },
    description: {},
    apiStages: { set: true },
    productCode: {},
    quotaSettings: {},
    throttleSettings: {},
    tags: {},
  },
  async create(inputs, call) {
    const { quotaSettings: quota, throttleSettings: throttle } = inputs;
    const { id } = await call.client(APIGatewayClient).send(
      new CreateUsagePlanCommand({
        ...{ name: inputs.name, description: inputs.description, throttle },
        apiStages: inputs.apiStages?.map(toApiStage),
        quota: quota && { ...quota, period: quota.period as QuotaPeriodType },
      }),
    );
    call.created(id!);
    await addTags(planArn(id!, call), inputs.tagsAll, call);
    return id!;
  },
  async read({ id }, call) {
    const found = await call.client(APIGatewayClient).send(new GetUsagePlanCommand({ usagePlanId: id }));
    const apiStages = found.apiStages?.map(({ apiId, stage, throttle }) => {
      const throttles = Object.entries(throttle ?? {}).map(([path, limits]) => ({ path, ...limits }));
      return { apiId, stage, ...(throttles.length > 0 ? { throttles } : {}) };
    });
    return {
      ...{
        name: found.name,
        description: found.description || undefined,
        productCode: found.productCode,
        apiStages,
      },
      ...{ quotaSettings: found.quota, throttleSettings: found.throttle },
      tagsAll: await readTags(planArn(id, call), call),
      arn: planArn(id, call),
    };
  },
  async update(now, call, was) {
    const patchOperations = replaceChanged(now, { name: "/name", description: "/description" }, call);
    if (call.changed("apiStages")) patchOperations.push(...patchStages(was.apiStages, now.apiStages));
    if (call.changed("throttleSettings"))
      patchOperations.push(...patchLimits("/throttle", now.throttleSettings));
    if (call.changed("quotaSettings")) patchOperations.push(...patchLimits("/quota", now.quotaSettings));
    if (patchOperations.length > 0) {
      await call
        .client(APIGatewayClient)
        .send(new UpdateUsagePlanCommand({ usagePlanId: now.id, patchOperations }));
    }
    await putTags(now, was, call);
  },
  async delete({ id, apiStages }, call) {
    const client = call.client(APIGatewayClient);
    // API Gateway refuses to delete a plan that still has stages.
    const patchOperations = patchStages(apiStages, []);
    if (patchOperations.length > 0)
      await client.send(new UpdateUsagePlanCommand({ usagePlanId: id, patchOperations }));
    await client.send(new DeleteUsagePlanCommand({ usagePlanId: id }));
  },
});

export const usagePlanKey = resource<apigateway.UsagePlanKeyArgs>({
  inputs: {
    keyId: { required: true, replaces: true },
    keyType: { required: true, replaces: true },
    usagePlanId: { required: true, replaces: true },
  },
  outputs: ["name", "value"],
  fromImportId(id) {
    const [usagePlanId, keyId] = id.split("/");
    return { usagePlanId, keyId, id: keyId! };
  },
  async create({ usagePlanId, keyId, keyType }, call) {
    const input = { usagePlanId, keyId, keyType };
    return (await call.client(APIGatewayClient).send(new CreateUsagePlanKeyCommand(input))).id!;
  },
  async read({ id, usagePlanId }, call) {
    const found = await call
      .client(APIGatewayClient)
      .send(new GetUsagePlanKeyCommand({ usagePlanId, keyId: id }));
    // The real provider shows the value openly here; a key in a state file is better hidden.
    return {
      usagePlanId,
      keyId: id,
      keyType: found.type,
      name: found.name,
      value: found.value && secret(found.value),
    };
  },
  async delete({ id, usagePlanId }, call) {
    await call.client(APIGatewayClient).send(new DeleteUsagePlanKeyCommand({ usagePlanId, keyId: id }));
  },
});
