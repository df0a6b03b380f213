import * as aws from "@pulumi/aws";
import { type ResourceValidationPolicy } from "@pulumi/policy";
import { limitsOf } from "../limits";
import { check } from "../rule";

/** Without a retention, AWS keeps logs, and asks money for them, for ever. */
export const logRetention: ResourceValidationPolicy = {
  name: "log-retention",
  description: "Logs are kept long enough, and not for ever.",
  validateResource: check(aws.cloudwatch.LogGroup, ({ retentionInDays }, report, stack) => {
    const { minLogRetentionDays } = limitsOf(stack);
    if (!retentionInDays || retentionInDays < minLogRetentionDays)
      report("retentionInDays", retentionInDays, `give ${minLogRetentionDays} or more (logRetentionDays)`);
  }),
};
