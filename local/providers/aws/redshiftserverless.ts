import {
  CreateNamespaceCommand,
  CreateUsageLimitCommand,
  CreateWorkgroupCommand,
  DeleteNamespaceCommand,
  DeleteUsageLimitCommand,
  DeleteWorkgroupCommand,
  GetNamespaceCommand,
  GetUsageLimitCommand,
  GetWorkgroupCommand,
  ListTagsForResourceCommand,
  type LogExport,
  type PerformanceTarget,
  RedshiftServerlessClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateNamespaceCommand,
  UpdateUsageLimitCommand,
  UpdateWorkgroupCommand,
  type UsageLimitBreachAction,
  type UsageLimitPeriod,
  type UsageLimitUsageType,
} from "@aws-sdk/client-redshift-serverless";
import { type redshiftserverless } from "@pulumi/aws";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyResourceType, type Call, type Inputs, resource, type State } from "../shared/resource";
import { tagChanges } from "../shared/tags";

const pollMs = 200;
const gone = "ResourceNotFoundException";

const toTags = (tags: Record<string, string> = {}) =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

async function readTags(resourceArn: string | undefined, call: Call): Promise<Record<string, string>> {
  const { tags = [] } = await call
    .client(RedshiftServerlessClient)
    .send(new ListTagsForResourceCommand({ resourceArn }));
  return Object.fromEntries(tags.map(({ key = "", value = "" }) => [key, value]));
}

async function putTags(now: State<object>, was: State<object>, call: Call): Promise<void> {
  if (!call.changed("tagsAll")) return;
  const client = call.client(RedshiftServerlessClient);
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  const resourceArn = now.arn;
  if (remove.length > 0) await client.send(new UntagResourceCommand({ resourceArn, tagKeys: remove }));
  await client.send(new TagResourceCommand({ resourceArn, tags: toTags(set) }));
}

/** Waits until `status` says that nothing is being done any more. */
async function settled(what: string, status: () => Promise<string | undefined>, call: Call): Promise<void> {
  for (;;) {
    const now = await status();
    if (now === "AVAILABLE") return;
    call.status(`${what}: ${now}`);
    await sleep(pollMs);
  }
}

/** Waits until asking for it says that it is not there; that error ends it. */
async function untilGone(ask: () => Promise<unknown>): Promise<void> {
  for (;;) {
    const error = await ask().catch((caught: Error) => caught);
    if (error instanceof Error && error.name === gone) return;
    if (error instanceof Error) throw error;
    await sleep(pollMs);
  }
}

type NamespaceArgs = redshiftserverless.NamespaceArgs;

const namespaceStatus = (namespaceName: string, call: Call) => async () =>
  (await call.client(RedshiftServerlessClient).send(new GetNamespaceCommand({ namespaceName }))).namespace
    ?.status;

/** What of a namespace can be changed, too. */
const namespaceSettings = (inputs: Inputs<NamespaceArgs>) => ({
  ...{ iamRoles: inputs.iamRoles, kmsKeyId: inputs.kmsKeyId, defaultIamRoleArn: inputs.defaultIamRoleArn },
  ...{ adminUserPassword: inputs.adminUserPassword, manageAdminPassword: inputs.manageAdminPassword },
  adminUsername: inputs.adminUsername,
  logExports: inputs.logExports as LogExport[] | undefined,
});

const namespace = resource<NamespaceArgs>({
  inputs: {
    namespaceName: { required: true, replaces: true },
    dbName: { replaces: true, default: "dev" },
    adminUsername: { computed: true },
    adminUserPassword: { secret: true },
    manageAdminPassword: {},
    adminPasswordSecretKmsKeyId: { computed: true },
    defaultIamRoleArn: {},
    iamRoles: { set: true },
    kmsKeyId: { computed: true },
    logExports: { set: true },
    tags: {},
  },
  outputs: ["namespaceId", "adminPasswordSecretArn"],
  async create(inputs, call) {
    const { namespaceName, dbName, adminPasswordSecretKmsKeyId, tagsAll } = inputs;
    const client = call.client(RedshiftServerlessClient);
    await client.send(
      new CreateNamespaceCommand({
        ...{ namespaceName, dbName, adminPasswordSecretKmsKeyId, tags: toTags(tagsAll) },
        ...namespaceSettings(inputs),
      }),
    );
    call.created(namespaceName);
    await settled(`namespace ${namespaceName}`, namespaceStatus(namespaceName, call), call);
    return namespaceName;
  },
  async read({ id }, call) {
    const { namespace: found } = await call
      .client(RedshiftServerlessClient)
      .send(new GetNamespaceCommand({ namespaceName: id }));
    if (!found || found.status === "DELETING") return undefined;
    return {
      ...{ namespaceName: id, arn: found.namespaceArn, namespaceId: found.namespaceId, dbName: found.dbName },
      ...{
        adminUsername: found.adminUsername,
        iamRoles: found.iamRoles?.map(roleArn),
        kmsKeyId: found.kmsKeyId,
      },
      ...{ defaultIamRoleArn: found.defaultIamRoleArn, logExports: found.logExports },
      manageAdminPassword: found.adminPasswordSecretArn !== undefined,
      adminPasswordSecretArn: found.adminPasswordSecretArn,
      tagsAll: await readTags(found.namespaceArn, call),
    };
  },
  async update(now, call, was) {
    const changes = namespaceSettings(now);
    const changed = Object.keys(changes).some((name) => call.changed(name));
    if (changed) {
      const client = call.client(RedshiftServerlessClient);
      await client.send(
        new UpdateNamespaceCommand({
          ...{ namespaceName: now.id, ...changes, iamRoles: now.iamRoles ?? [] },
          manageAdminPassword: now.manageAdminPassword ?? false,
        }),
      );
      await settled(`namespace ${now.id}`, namespaceStatus(now.id, call), call);
    }
    await putTags(now, was, call);
  },
  async delete({ id }, call) {
    const client = call.client(RedshiftServerlessClient);
    await client.send(new DeleteNamespaceCommand({ namespaceName: id }));
    await untilGone(() => client.send(new GetNamespaceCommand({ namespaceName: id })));
  },
});

/** Redshift answers `IamRole(applyStatus=in-sync, iamRoleArn=arn:...)`. */
const roleArn = (role: string) => /iamRoleArn=([^,)]+)/.exec(role)?.[1] ?? role;

type WorkgroupArgs = redshiftserverless.WorkgroupArgs;

const workgroupStatus = (workgroupName: string, call: Call) => async () =>
  (await call.client(RedshiftServerlessClient).send(new GetWorkgroupCommand({ workgroupName }))).workgroup
    ?.status;

/** What of a workgroup can be changed; AWS takes one of these changes a request. */
const workgroupSettings = (inputs: Inputs<WorkgroupArgs>) => ({
  baseCapacity: inputs.baseCapacity,
  maxCapacity: inputs.maxCapacity,
  configParameters: inputs.configParameters,
  enhancedVpcRouting: inputs.enhancedVpcRouting,
  port: inputs.port,
  pricePerformanceTarget:
    inputs.pricePerformanceTarget &&
    ({
      status: inputs.pricePerformanceTarget.enabled ? ("ENABLED" as const) : ("DISABLED" as const),
      level: inputs.pricePerformanceTarget.level,
    } as PerformanceTarget | undefined),
  publiclyAccessible: inputs.publiclyAccessible,
  securityGroupIds: inputs.securityGroupIds,
  subnetIds: inputs.subnetIds,
  trackName: inputs.trackName,
});

const workgroup = resource<WorkgroupArgs>({
  inputs: {
    workgroupName: { required: true, replaces: true },
    namespaceName: { required: true, replaces: true },
    baseCapacity: { computed: true },
    maxCapacity: { computed: true },
    configParameters: { computed: true, set: true },
    enhancedVpcRouting: { default: false },
    port: { computed: true },
    pricePerformanceTarget: { computed: true },
    publiclyAccessible: { default: false },
    securityGroupIds: { computed: true, set: true },
    subnetIds: { computed: true, set: true },
    trackName: { computed: true },
    tags: {},
  },
  outputs: ["workgroupId", "endpoints"],
  async create(inputs, call) {
    const { workgroupName, namespaceName, tagsAll } = inputs;
    const client = call.client(RedshiftServerlessClient);
    await client.send(
      new CreateWorkgroupCommand({
        ...{ workgroupName, namespaceName, tags: toTags(tagsAll) },
        ...workgroupSettings(inputs),
      }),
    );
    call.created(workgroupName);
    await settled(`workgroup ${workgroupName}`, workgroupStatus(workgroupName, call), call);
    return workgroupName;
  },
  async read({ id }, call) {
    const { workgroup: found } = await call
      .client(RedshiftServerlessClient)
      .send(new GetWorkgroupCommand({ workgroupName: id }));
    if (!found || found.status === "DELETING") return undefined;
    const { address, port } = found.endpoint ?? {};
    return {
      ...{ workgroupName: id, arn: found.workgroupArn, workgroupId: found.workgroupId },
      ...{
        namespaceName: found.namespaceName,
        baseCapacity: found.baseCapacity,
        maxCapacity: found.maxCapacity,
      },
      ...{
        enhancedVpcRouting: found.enhancedVpcRouting ?? false,
        port: found.port,
        trackName: found.trackName,
      },
      ...{ publiclyAccessible: found.publiclyAccessible ?? false, subnetIds: found.subnetIds },
      securityGroupIds: found.securityGroupIds,
      endpoints: [{ address, port }],
      tagsAll: await readTags(found.workgroupArn, call),
    };
  },
  async update(now, call, was) {
    const client = call.client(RedshiftServerlessClient);
    for (const [name, value] of Object.entries(workgroupSettings(now))) {
      if (!call.changed(name)) continue;
      await client.send(new UpdateWorkgroupCommand({ workgroupName: now.id, [name]: value }));
      await settled(`workgroup ${now.id}`, workgroupStatus(now.id, call), call);
    }
    await putTags(now, was, call);
  },
  async delete({ id }, call) {
    const client = call.client(RedshiftServerlessClient);
    await client.send(new DeleteWorkgroupCommand({ workgroupName: id }));
    await untilGone(() => client.send(new GetWorkgroupCommand({ workgroupName: id })));
  },
});

const usageLimit = resource<redshiftserverless.UsageLimitArgs>({
  inputs: {
    resourceArn: { required: true, replaces: true },
    usageType: { required: true, replaces: true },
    period: { replaces: true, default: "monthly" },
    amount: { required: true },
    breachAction: { default: "log" },
  },
  async create({ resourceArn, usageType, period, amount, breachAction }, call) {
    const { usageLimit: made } = await call.client(RedshiftServerlessClient).send(
      new CreateUsageLimitCommand({
        ...{ resourceArn, amount, usageType: usageType as UsageLimitUsageType },
        ...{ period: period as UsageLimitPeriod, breachAction: breachAction as UsageLimitBreachAction },
      }),
    );
    return made!.usageLimitId!;
  },
  async read({ id }, call) {
    const { usageLimit: found } = await call
      .client(RedshiftServerlessClient)
      .send(new GetUsageLimitCommand({ usageLimitId: id }));
    return (
      found && {
        ...{ arn: found.usageLimitArn, resourceArn: found.resourceArn, usageType: found.usageType },
        ...{ period: found.period, amount: found.amount, breachAction: found.breachAction },
      }
    );
  },
  async update({ id, amount, breachAction }, call) {
    await call.client(RedshiftServerlessClient).send(
      new UpdateUsageLimitCommand({
        ...{ usageLimitId: id, amount, breachAction: breachAction as UsageLimitBreachAction },
      }),
    );
  },
  async delete({ id }, call) {
    await call.client(RedshiftServerlessClient).send(new DeleteUsageLimitCommand({ usageLimitId: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:redshiftserverless/namespace:Namespace": namespace,
  "aws:redshiftserverless/workgroup:Workgroup": workgroup,
  "aws:redshiftserverless/usageLimit:UsageLimit": usageLimit,
};
