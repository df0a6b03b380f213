import type { CapacitySize, DeploymentConfig, TrafficRoutingConfig } from "@aws-sdk/client-sagemaker";
import { notSupported, validationException } from "../protocol/errors";

/** How the traffic of an endpoint moves from its old fleet to a new one. */
export interface DeploymentPlan {
  /** Of the requests, from 0 to 1, that the new fleet gets in each step; the last is 1. */
  shares: number[];
  /** Baking period after each step. */
  bakeMs: number;
  /** How long the old fleet is kept after the last baking period. */
  terminationWaitMs: number;
  /** A deployment that takes longer is rolled back. */
  timeoutMs: number;
  /** Names of the CloudWatch alarms of which none may ring. */
  alarms: string[];
}

/** Without a DeploymentConfig: all traffic at once, as soon as the new fleet is healthy. */
const allAtOnce: TrafficRoutingConfig = { Type: "ALL_AT_ONCE", WaitIntervalInSeconds: 0 };

/**
 * The plan that a DeploymentConfig describes for a variant of `instanceCount` instances.
 * @throws AwsError: ValidationException for what contradicts itself or is out of AWS's range.
 */
export function deploymentPlan(
  { BlueGreenUpdatePolicy: policy, RollingUpdatePolicy, AutoRollbackConfiguration }: DeploymentConfig,
  instanceCount: number,
): DeploymentPlan {
  if (RollingUpdatePolicy && policy)
    throw validationException(
      "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified in DeploymentConfig.",
    );
  if (RollingUpdatePolicy) throw notSupported("RollingUpdatePolicy", "Give a BlueGreenUpdatePolicy.");
  const routing = policy?.TrafficRoutingConfiguration ?? allAtOnce;
  const shares = trafficShares(routing, instanceCount);
  const bakeSeconds = routing.WaitIntervalInSeconds ?? 0;
  const terminationWaitSeconds = policy?.TerminationWaitInSeconds ?? 0;
  const timeoutSeconds = policy?.MaximumExecutionTimeoutInSeconds ?? Infinity;
  const waits = shares.length * bakeSeconds + terminationWaitSeconds;
  if (timeoutSeconds <= waits)
    throw validationException(
      `MaximumExecutionTimeoutInSeconds is ${timeoutSeconds}: it must be larger than all waiting times together, which are ${waits} seconds.`,
    );
  return {
    shares,
    bakeMs: bakeSeconds * 1000,
    terminationWaitMs: terminationWaitSeconds * 1000,
    timeoutMs: timeoutSeconds * 1000,
    alarms: (AutoRollbackConfiguration?.Alarms ?? []).flatMap(({ AlarmName }) => AlarmName ?? []),
  };
}

function trafficShares(
  { Type, CanarySize, LinearStepSize }: TrafficRoutingConfig,
  instanceCount: number,
): number[] {
  if (Type !== "CANARY" && CanarySize)
    throw validationException(`CanarySize can only be specified with the traffic routing type CANARY.`);
  if (Type !== "LINEAR" && LinearStepSize)
    throw validationException(`LinearStepSize can only be specified with the traffic routing type LINEAR.`);
  switch (Type) {
    case "CANARY":
      return [capacityShare("CanarySize", CanarySize, 1, instanceCount), 1];
    case "LINEAR": {
      const step = capacityShare("LinearStepSize", LinearStepSize, 10, instanceCount);
      const steps = Math.ceil(1 / step - 1e-9);
      return Array.from({ length: steps }, (_, index) => Math.min(1, (index + 1) * step));
    }
    case "ALL_AT_ONCE":
    case undefined:
      return [1];
  }
}

function capacityShare(
  name: string,
  size: CapacitySize | undefined,
  leastPercent: number,
  instanceCount: number,
): number {
  if (!size) throw validationException(`${name} must be specified for this traffic routing type.`);
  const { Type, Value = 0 } = size;
  const percent = Type === "INSTANCE_COUNT" ? (100 * Value) / instanceCount : Value;
  if (percent < leastPercent || percent > 50)
    throw validationException(
      `${name} of ${Value} ${Type === "INSTANCE_COUNT" ? `of ${instanceCount} instances` : "%"} is out of range: it must be ${leastPercent} to 50 % of the variant's total instance count.`,
    );
  return percent / 100;
}
