import type { CreateWorkgroupRequest, UpdateWorkgroupRequest } from "@aws-sdk/client-redshift-serverless";
import { randomUUID } from "node:crypto";
import {
  anyResource,
  arnOf,
  conflict,
  namespaceOf,
  operation,
  type Platform,
  validationException,
  workgroupOf,
} from "../platform";
import type { WorkgroupRecord } from "../records";
import { pageOf, type PageInput } from "./pages";

const byName = {
  resource: ({ workgroupName }: { workgroupName?: string }, platform: Platform) =>
    workgroupOf(platform, workgroupName).workgroupArn,
};

const defaultCapacity = 128;

/** RPUs come by 4, by eights to 512, and by 32 beyond that. */
function requireCapacity(capacity = defaultCapacity): void {
  const fits =
    capacity === 4 || (capacity >= 8 && capacity <= 1024 && capacity % (capacity > 512 ? 32 : 8) === 0);
  if (!fits) throw validationException(`Invalid base capacity: ${capacity} RPUs.`);
}

const described = ({ models, settings }: Platform, record: Readonly<WorkgroupRecord>) => ({
  workgroup: {
    ...models.serverless.pick("Workgroup", record),
    endpoint: {
      address: `${record.workgroupName}.${settings.accountId}.${settings.region}.redshift-serverless.amazonaws.com`,
      port: record.port ?? 5439,
    },
  },
});

const create = operation<CreateWorkgroupRequest>({
  resource: anyResource,
  run({ tags = [], ...request }, platform) {
    const { settings, stores } = platform;
    const { workgroupName: name = "", namespaceName = "", baseCapacity = defaultCapacity } = request;
    namespaceOf(platform, namespaceName);
    requireCapacity(baseCapacity);
    if (stores.workgroups.get(name)) throw conflict(`The workgroup ${name} already exists.`);
    if (stores.workgroups.values().some((one) => one.namespaceName === namespaceName))
      throw conflict(`The namespace ${namespaceName} already has a workgroup.`);
    const workgroupId = randomUUID();
    const record: WorkgroupRecord = {
      ...{ port: 5439, publiclyAccessible: false, enhancedVpcRouting: false, ...request },
      ...{ workgroupName: name, namespaceName, workgroupId, baseCapacity },
      ...{ workgroupArn: arnOf(settings, "workgroup", workgroupId), status: "AVAILABLE" },
      ...{ creationDate: new Date().toISOString(), tags: tags as WorkgroupRecord["tags"] },
    };
    stores.workgroups.put(name, record);
    return described(platform, record);
  },
});

const get = operation<{ workgroupName?: string }>({
  ...byName,
  run: ({ workgroupName }, platform) => described(platform, workgroupOf(platform, workgroupName)),
});

const update = operation<UpdateWorkgroupRequest>({
  ...byName,
  run({ workgroupName = "", ...changes }, platform) {
    workgroupOf(platform, workgroupName);
    if (changes.baseCapacity !== undefined) requireCapacity(changes.baseCapacity);
    const record = platform.stores.workgroups.update(workgroupName, changes);
    return described(platform, record);
  },
});

const remove = operation<{ workgroupName?: string }>({
  ...byName,
  run({ workgroupName = "" }, platform) {
    const record = workgroupOf(platform, workgroupName);
    platform.stores.workgroups.delete(workgroupName);
    for (const [id, limit] of platform.stores.usageLimits.entries())
      if (limit.resourceArn === record.workgroupArn) platform.stores.usageLimits.delete(id);
    const { workgroup } = described(platform, record);
    return { workgroup: { ...workgroup, status: "DELETING" } };
  },
});

const list = operation<PageInput>({
  resource: anyResource,
  run(input, platform) {
    const { page, nextToken } = pageOf(platform.stores.workgroups.values(), input);
    return { workgroups: page.map((one) => described(platform, one).workgroup), nextToken };
  },
});

export const workgroupOperations = {
  CreateWorkgroup: create,
  GetWorkgroup: get,
  UpdateWorkgroup: update,
  DeleteWorkgroup: remove,
  ListWorkgroups: list,
};
