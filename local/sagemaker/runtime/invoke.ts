import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServingVariant } from "../endpoints/fleet";
import { NobodyListens } from "../endpoints/replica";
import { type HttpAnswer, HttpTimeout } from "../http";
import type { Platform } from "../platform";
import { AwsError } from "../protocol/errors";
import { validate } from "../protocol/validation";

/** As AWS: a model has 60 seconds; a serverless endpoint takes 4 MB. */
const invocationTimeoutMs = 60_000;
const refusedPauseMs = 50;
const maxServerlessBytes = 4 * 1024 * 1024;
/** A shadow that is slower than the traffic misses some of it. */
const maxShadowRequests = 100;

const customAttributes = "x-amzn-sagemaker-custom-attributes";
const inferenceId = "x-amzn-sagemaker-inference-id";

export interface InvokeRequest {
  endpointName: string;
  headers: Record<string, string>;
  body: Buffer;
  /** `performance.now()` when the request arrived. */
  arrived: number;
}

/**
 * InvokeEndpoint: hands the body to the endpoint's container and its answer back.
 * @throws AwsError: ValidationError when there is no such endpoint in service or the body is too large,
 * ThrottlingException when a serverless one has as many requests as it may have, ModelError
 * when the container answers with an error, not at all, or not in time.
 */
export async function invokeEndpoint(platform: Platform, request: InvokeRequest): Promise<HttpAnswer> {
  const { endpointName } = request;
  checkInput(platform, request);
  await platform.endpoints.taken(endpointName);
  for (;;) {
    const answer = await invokeFleet(platform, request);
    if (answer) return answer;
    await sleep(refusedPauseMs);
  }
}

/** @returns undefined when the fleet chosen is on its way out and its container has not seen the request. */
async function invokeFleet(platform: Platform, request: InvokeRequest): Promise<HttpAnswer | undefined> {
  const { endpointName, headers, body } = request;
  // From here to the count nothing may wait: a switch of fleets waits for the requests that are counted.
  const fleet = platform.endpoints.fleetOf(endpointName);
  if (!fleet) {
    throw validationError(`Endpoint ${endpointName} of account ${platform.settings.accountId} not found.`);
  }
  const target = headers["x-amzn-sagemaker-target-variant"];
  const variant = fleet.choose(target);
  if (!variant) throw validationError(`Variant ${target} of endpoint ${endpointName} not found.`);
  if (variant.maxConcurrency !== undefined) requireCapacity(variant, variant.maxConcurrency, body);
  const shadow = fleet.chooseShadow();
  if (shadow) copyToShadow(platform, request, shadow);
  return counted(variant, () => invokeVariant(platform, request, variant));
}

/** @throws AwsError when a serverless variant takes no such body, or no more requests now. */
function requireCapacity({ replica }: ServingVariant, maxConcurrency: number, body: Buffer): void {
  if (body.length > maxServerlessBytes) throw tooLong(maxServerlessBytes);
  if (replica.inFlight >= maxConcurrency) throw new AwsError("ThrottlingException", "Rate exceeded");
}

async function counted<T>({ replica }: ServingVariant, work: () => Promise<T>): Promise<T> {
  replica.inFlight += 1;
  try {
    return await work();
  } finally {
    replica.inFlight -= 1;
  }
}

/** Sends a copy that nobody waits for, unless the shadow is behind with too many already. */
function copyToShadow(platform: Platform, request: InvokeRequest, shadow: ServingVariant): void {
  if (shadow.replica.inFlight >= maxShadowRequests) return;
  const copy = { ...request, arrived: performance.now() };
  counted(shadow, () => invokeVariant(platform, copy, shadow)).catch(() => undefined); // seen in metrics and log
}

async function invokeVariant(
  platform: Platform,
  request: InvokeRequest,
  variant: ServingVariant,
): Promise<HttpAnswer | undefined> {
  const asked = await askContainer(request, variant);
  if (!asked) return undefined;
  const { answer, modelMs } = asked;
  const status = answer instanceof Error ? 0 : answer.status;
  platform.metrics.record({
    ...{ endpointName: request.endpointName, variantName: variant.name, configName: variant.configName },
    ...{ status, modelLatency: modelMs * 1000 },
    overheadLatency: (performance.now() - request.arrived - modelMs) * 1000,
  });
  if (answer instanceof Error) throw modelError(platform, variant, 0, transportFailure(answer));
  if (status < 200 || status > 299) throw modelError(platform, variant, status, answer.body.toString());
  const answered = { status: 200, headers: answerHeaders(answer, variant), body: answer.body };
  capture(request, answered, variant);
  return answered;
}

function capture({ headers, body }: InvokeRequest, answer: HttpAnswer, variant: ServingVariant): void {
  variant.capture?.take({
    ...{ eventId: String(answer.headers["x-amzn-requestid"]), inferenceId: headers[inferenceId] },
    input: { contentType: headers["content-type"] ?? "application/json", body },
    output: { contentType: String(answer.headers["content-type"]), body: answer.body },
  });
}

/** The container's answer, or why there is none, and the milliseconds it took; undefined as in `invokeFleet`. */
async function askContainer(
  { headers, body }: InvokeRequest,
  { replica }: ServingVariant,
): Promise<{ answer: HttpAnswer | Error; modelMs: number } | undefined> {
  const passedOn = {
    "content-type": headers["content-type"] ?? "application/json",
    ...(headers.accept ? { accept: headers.accept } : {}),
    ...(headers[customAttributes] ? { [customAttributes]: headers[customAttributes] } : {}),
  };
  const deadline = Date.now() + invocationTimeoutMs;
  for (;;) {
    await replica.ready(invocationTimeoutMs);
    const asked = performance.now();
    const post = { method: "POST", headers: passedOn, body, timeoutMs: invocationTimeoutMs } as const;
    const answer = await replica.send("/invocations", post).catch((error: Error) => error);
    const modelMs = performance.now() - asked;
    const refused = answer instanceof NobodyListens;
    if (!refused || Date.now() > deadline) return { answer, modelMs };
    if (replica.draining) return undefined;
    await sleep(refusedPauseMs);
  }
}

function answerHeaders({ headers }: HttpAnswer, variant: ServingVariant): Record<string, string> {
  const attributes = headers[customAttributes];
  return {
    "content-type": headers["content-type"] ?? "application/octet-stream",
    "x-amzn-invoked-production-variant": variant.name,
    "x-amzn-requestid": randomUUID(),
    ...(typeof attributes === "string" ? { [customAttributes]: attributes } : {}),
  };
}

function checkInput(platform: Platform, { endpointName, headers, body }: InvokeRequest): void {
  const { runtime } = platform.models;
  const shape = runtime.inputShape("InvokeEndpoint") ?? "";
  const input: Record<string, unknown> = { EndpointName: endpointName, Body: "" };
  for (const [name, { location, locationName = "" }] of Object.entries(runtime.shape(shape).members ?? {})) {
    if (location === "header") input[name] = headers[locationName.toLowerCase()];
  }
  try {
    validate(runtime, shape, input);
  } catch (error) {
    throw validationError((error as Error).message);
  }
  const max = runtime.shape("BodyBlob").max ?? Infinity;
  if (body.length > max) throw tooLong(max);
}

function transportFailure(error: Error): string {
  return error instanceof HttpTimeout
    ? "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    : "Amazon SageMaker could not get a response from the primary container. The connection was closed before it answered.";
}

function modelError(platform: Platform, variant: ServingVariant, status: number, original: string): AwsError {
  const { region, accountId } = platform.settings;
  const kind = status >= 400 && status < 500 ? "client" : "server";
  return new AwsError(
    "ModelError",
    `Received ${kind} error (${status}) from primary with message "${original}". See ${variant.logGroup} in account ${accountId} for more information.`,
    424,
    {
      OriginalStatusCode: status,
      OriginalMessage: original,
      LogStreamArn: `arn:aws:logs:${region}:${accountId}:log-group:${variant.logGroup}:log-stream:${variant.logStream}`,
    },
  );
}

const validationError = (message: string) => new AwsError("ValidationError", message);
const tooLong = (max: number) =>
  validationError(
    `1 validation error detected: Value at 'body' failed to satisfy constraint: Member must have length less than or equal to ${max}`,
  );
