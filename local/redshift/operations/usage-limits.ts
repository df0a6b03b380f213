import type {
  CreateUsageLimitRequest,
  ListUsageLimitsRequest,
  UpdateUsageLimitRequest,
} from "@aws-sdk/client-redshift-serverless";
import { randomUUID } from "node:crypto";
import { anyResource, arnOf, conflict, notFound, operation, type Platform } from "../platform";
import type { UsageLimitRecord } from "../records";
import { pageOf } from "./pages";

// Limits are kept and answered; nothing is counted on a laptop.

function find({ stores }: Platform, id = ""): Readonly<UsageLimitRecord> {
  const found = stores.usageLimits.get(id);
  if (!found) throw notFound(`The usage limit ${id} wasn't found.`);
  return found;
}

const byId = {
  resource: ({ usageLimitId }: { usageLimitId?: string }, platform: Platform) =>
    find(platform, usageLimitId).usageLimitArn ?? "",
};

const create = operation<CreateUsageLimitRequest>({
  resource: anyResource,
  run(request, { settings, stores }) {
    const { resourceArn = "", usageType, period = "monthly", breachAction = "log" } = request;
    if (!stores.workgroups.values().some(({ workgroupArn }) => workgroupArn === resourceArn))
      throw notFound(`The resource ${resourceArn} wasn't found.`);
    const same = (one: UsageLimitRecord) =>
      one.resourceArn === resourceArn && one.usageType === usageType && one.period === period;
    if (stores.usageLimits.values().some(same))
      throw conflict("A usage limit of this type and period exists already.");
    const usageLimitId = randomUUID();
    const usageLimitArn = arnOf(settings, "usagelimit", usageLimitId);
    const record: UsageLimitRecord = {
      ...request,
      resourceArn,
      period,
      breachAction,
      usageLimitId,
      usageLimitArn,
    };
    stores.usageLimits.put(usageLimitId, record);
    return { usageLimit: record };
  },
});

const get = operation<{ usageLimitId?: string }>({
  ...byId,
  run: ({ usageLimitId }, platform) => ({ usageLimit: find(platform, usageLimitId) }),
});

const update = operation<UpdateUsageLimitRequest>({
  ...byId,
  run({ usageLimitId = "", ...changes }, platform) {
    find(platform, usageLimitId);
    return { usageLimit: platform.stores.usageLimits.update(usageLimitId, changes) };
  },
});

const remove = operation<{ usageLimitId?: string }>({
  ...byId,
  run({ usageLimitId = "" }, platform) {
    const usageLimit = find(platform, usageLimitId);
    platform.stores.usageLimits.delete(usageLimitId);
    return { usageLimit };
  },
});

const list = operation<ListUsageLimitsRequest>({
  resource: anyResource,
  run(input, { stores }) {
    const limits = stores.usageLimits
      .values()
      .filter(({ resourceArn }) => !input.resourceArn || resourceArn === input.resourceArn);
    const { page, nextToken } = pageOf(limits, input);
    return { usageLimits: page, nextToken };
  },
});

export const usageLimitOperations = {
  CreateUsageLimit: create,
  GetUsageLimit: get,
  UpdateUsageLimit: update,
  DeleteUsageLimit: remove,
  ListUsageLimits: list,
};
