import type * as pulumi from "@pulumi/pulumi";
import { requireNumber } from "../shared/configuration";
import { requireProperty } from "../shared/validation";

/** How files of records are scored. Declared, described and given defaults in `Pulumi.yaml`. */
export interface BatchSettings {
  /** Size of an upload at most. */
  maxMegabytes: number;
  /** Files up to this size are answered by the endpoint, at once; larger ones by a transform job. */
  endpointKilobytes: number;
  /** Of transform jobs. */
  instanceType: string;
  /** Days after which inputs and results are deleted. */
  retentionDays: number;
}

/** Reads the batches' part of the configuration. @throws InputPropertyError with key, value and fix. */
export function readBatchSettings(config: pulumi.Config): BatchSettings {
  const instanceType = config.require("batchInstanceType");
  requireProperty(
    instanceType.startsWith("ml."),
    "batchInstanceType",
    instanceType,
    "give a SageMaker instance type such as ml.m5.large",
  );
  const retentionDays = requireNumber(config, "batchRetentionDays", 1, 365, "days");
  requireProperty(
    Number.isInteger(retentionDays),
    "batchRetentionDays",
    retentionDays,
    "give a whole number of days",
  );
  return {
    maxMegabytes: requireNumber(config, "batchMaxMegabytes", 1, 1000, "megabytes"),
    // all of such a file is in the memory of a Lambda
    endpointKilobytes: requireNumber(config, "batchEndpointKilobytes", 0, 50_000, "kilobytes"),
    instanceType,
    retentionDays,
  };
}
