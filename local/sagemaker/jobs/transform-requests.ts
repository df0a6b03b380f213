import { setTimeout as sleep } from "node:timers/promises";
import type { Replica } from "../endpoints/replica";
import type { HttpAnswer } from "../http";
import type { TransformJobRecord } from "../records";
import { JobFailure } from "./job-run";

/** AWS's defaults, where neither the request nor the container says otherwise. */
const defaultPayloadInMB = 6;
const defaultTimeoutSeconds = 600;
const defaultRetries = 3;
const firstPauseMs = 200;
const parametersTimeoutMs = 2_000;

/** How a job's input goes to the container. */
export interface Parameters {
  concurrency: number;
  strategy: "SingleRecord" | "MultiRecord";
  maxPayloadInMB: number;
}

/** What the request says, else what the container says in answer to GET /execution-parameters, else AWS's defaults. */
export async function agreeParameters(
  replica: Pick<Replica, "send">,
  record: TransformJobRecord,
): Promise<Parameters> {
  const wanted = await executionParameters(replica);
  const positive = (value: unknown) =>
    typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
  const single = wanted.BatchStrategy === "SINGLE_RECORD" || wanted.BatchStrategy === "SingleRecord";
  return {
    concurrency: positive(record.MaxConcurrentTransforms) ?? positive(wanted.MaxConcurrentTransforms) ?? 1,
    strategy: record.BatchStrategy ?? (single ? "SingleRecord" : "MultiRecord"),
    maxPayloadInMB: positive(record.MaxPayloadInMB) ?? positive(wanted.MaxPayloadInMB) ?? defaultPayloadInMB,
  };
}

/** A container need not have them. */
async function executionParameters(replica: Pick<Replica, "send">): Promise<Record<string, unknown>> {
  try {
    const request = { method: "GET", timeoutMs: parametersTimeoutMs } as const;
    const answer = await replica.send("/execution-parameters", request);
    const value: unknown = answer.status === 200 ? JSON.parse(answer.body.toString()) : {};
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export interface Asked {
  /** The object that the body is of, for messages. */
  uri: string;
  replica: Pick<Replica, "send" | "ready">;
  record: Pick<TransformJobRecord, "TransformInput" | "TransformOutput" | "ModelClientConfig">;
  signal: AbortSignal;
}

/**
 * The container's answer to one body. What may pass, a 5xx or no answer, is tried again as ModelClientConfig says.
 * @throws JobFailure with the container's own words.
 */
export async function askModel(body: Buffer, { uri, replica, record, signal }: Asked): Promise<Buffer> {
  const { TransformInput, TransformOutput, ModelClientConfig = {} } = record;
  const { InvocationsTimeoutInSeconds = defaultTimeoutSeconds, InvocationsMaxRetries = defaultRetries } =
    ModelClientConfig;
  const headers = {
    "content-type": TransformInput?.ContentType ?? "application/octet-stream",
    ...(TransformOutput?.Accept ? { accept: TransformOutput.Accept } : {}),
  };
  const timeoutMs = InvocationsTimeoutInSeconds * 1000;
  for (let tries = 0; ; tries += 1) {
    await replica.ready(timeoutMs); // a container that has died starts again
    signal.throwIfAborted();
    const request = { method: "POST", headers, body, timeoutMs } as const;
    const answer = await replica.send("/invocations", request).catch((error: Error) => error);
    if (!(answer instanceof Error) && answer.status >= 200 && answer.status < 300) return answer.body;
    const refused = !(answer instanceof Error) && answer.status < 500;
    if (refused || tries >= InvocationsMaxRetries) throw new JobFailure(words(uri, answer));
    await sleep(firstPauseMs * 2 ** tries);
  }
}

function words(uri: string, answer: HttpAnswer | Error): string {
  if (answer instanceof Error)
    return `AlgorithmError: ${uri}: the container gave no answer: ${answer.message}`;
  const blame = answer.status < 500 ? "ClientError" : "AlgorithmError";
  const { status, body } = answer;
  return `${blame}: ${uri}: Bad HTTP status received from algorithm: ${status} ${body.toString()}`;
}
