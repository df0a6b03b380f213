import {
  paginateListServiceQuotas,
  type ServiceQuota,
  ServiceQuotasClient,
} from "@aws-sdk/client-service-quotas";
import { type Finding, unknown } from "./finding";
import { type Place } from "./stack";

const service = "sagemaker";
const serverless = "Maximum total concurrency that can be allocated across all serverless endpoints";

/** By the name of a quota of SageMaker, how much of it a stack needs. */
export function neededQuotas(config: Record<string, unknown>, project: string): Map<string, number> {
  const setting = (name: string) => config[`${project}:${name}`];
  const needed = new Map<string, number>();
  const instances = (type: string, use: string, count: number) => {
    const name = `${type} for ${use} usage`;
    needed.set(name, Math.max(count, needed.get(name) ?? 0));
  };
  const training = String(setting("trainingInstanceType"));
  instances(training, "processing job", Number(setting("trainingInstanceCount")));
  instances(training, "training job", Number(setting("trainingInstanceCount")));
  instances(training, "transform job", 2); // the evaluation of both models, side by side
  instances(String(setting("batchInstanceType")), "transform job", 1);
  if (setting("endpoint") === "serverless") {
    needed.set(serverless, Number(setting("serverlessConcurrency")));
  } else {
    const most = Math.max(Number(setting("instanceCount")), Number(setting("maxInstanceCount")));
    instances(String(setting("instanceType")), "endpoint", 2 * most); // a deployment runs old and new together
  }
  return needed;
}

/** Whether the account may run the instances that the stack's jobs and endpoint need: in a new account often none. */
export async function checkQuotas({ region, config, project }: Place): Promise<Finding[]> {
  const needed = neededQuotas(config, project);
  try {
    const quotas = new Map<string, ServiceQuota>();
    const client = new ServiceQuotasClient({ region });
    for await (const { Quotas = [] } of paginateListServiceQuotas({ client }, { ServiceCode: service })) {
      for (const quota of Quotas) quotas.set(quota.QuotaName ?? "", quota);
    }
    return [...needed].map(([name, count]) => judge(name, count, quotas.get(name), region));
  } catch (error) {
    const fix =
      "Allow servicequotas:ListServiceQuotas, or look in the AWS console: Service Quotas, Amazon SageMaker";
    return [unknown("Quotas", error as Error, fix)];
  }
}

function judge(name: string, count: number, quota: ServiceQuota | undefined, region: string): Finding {
  const what = `Quota ${name}`;
  if (quota?.Value === undefined) {
    const fix = `Look in the AWS console whether ${region} has it: Service Quotas, Amazon SageMaker`;
    return { what, ok: false, found: "none of this name", needed: true, fix };
  }
  const fix =
    `Ask for more: 'aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ` +
    `${quota.QuotaCode} --desired-value ${count} --region ${region}' (minutes to days), or configure another instance type`;
  return { what, ok: quota.Value >= count, found: `${quota.Value}, needs ${count}`, needed: true, fix };
}
