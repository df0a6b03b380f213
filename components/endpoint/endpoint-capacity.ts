import { isWholeNumber, requireProperty } from "../shared/validation";

/** `serverless` costs nothing while nobody asks; `real-time` has instances that are always warm. */
export type EndpointCapacity =
  { kind: "serverless"; memorySizeInMb: number; maxConcurrency: number } | RealTimeCapacity;

export interface RealTimeCapacity {
  kind: "real-time";
  instanceType: string;
  /** At least. */
  instanceCount: number;
  /** At most; not above `instanceCount`: the number of instances stays as it is. */
  maxInstanceCount: number;
  /** Requests a minute for which one instance is enough. */
  requestsPerInstance: number;
}

/** Whether AWS adds and removes instances. */
export const isScaled = (capacity: EndpointCapacity): capacity is RealTimeCapacity =>
  capacity.kind === "real-time" && capacity.maxInstanceCount > capacity.instanceCount;

/** @throws InputPropertyError for what SageMaker would refuse. */
export function checkCapacity(capacity: EndpointCapacity): void {
  if (capacity.kind === "real-time") return checkRealTime(capacity);
  const { memorySizeInMb, maxConcurrency } = capacity;
  requireProperty(
    isWholeNumber(memorySizeInMb / 1024, 1, 6),
    "memorySizeInMb",
    memorySizeInMb,
    "give 1024, 2048, 3072, 4096, 5120 or 6144",
  );
  requireProperty(
    isWholeNumber(maxConcurrency, 1, 200),
    "maxConcurrency",
    maxConcurrency,
    "give a whole number of requests at a time from 1 to 200",
  );
}

function checkRealTime(capacity: RealTimeCapacity): void {
  const { instanceType, instanceCount, maxInstanceCount, requestsPerInstance } = capacity;
  requireProperty(
    instanceType.startsWith("ml."),
    "instanceType",
    instanceType,
    "give a SageMaker instance type such as ml.m5.large",
  );
  requireProperty(
    isWholeNumber(instanceCount, 1, 100),
    "instanceCount",
    instanceCount,
    "give a whole number of instances from 1 to 100",
  );
  requireProperty(
    isWholeNumber(maxInstanceCount, 0, 100),
    "maxInstanceCount",
    maxInstanceCount,
    "give a whole number of instances up to 100, or 0 for no autoscaling",
  );
  requireProperty(
    !(isScaled(capacity) && /^ml\.t\d/.test(instanceType)),
    "maxInstanceCount",
    maxInstanceCount,
    `AWS does not scale burstable instances (${instanceType}): give an instanceType such as ml.m5.large, or 0`,
  );
  requireProperty(
    requestsPerInstance > 0,
    "requestsPerInstance",
    requestsPerInstance,
    "give the requests a minute, above 0, for which one instance is enough",
  );
}

/** @throws InputPropertyError for what SageMaker would refuse. */
export function checkCapture(captureSharePercent: number, { kind }: EndpointCapacity): void {
  requireProperty(
    isWholeNumber(captureSharePercent, 0, 100),
    "captureSharePercent",
    captureSharePercent,
    "give a whole percentage of the requests from 0 to 100",
  );
  requireProperty(
    captureSharePercent === 0 || kind === "real-time",
    "captureSharePercent",
    captureSharePercent,
    "SageMaker captures nothing of a serverless endpoint: give 0, or the endpoint real-time",
  );
}
