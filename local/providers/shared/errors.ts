import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type Properties } from "./values";

interface AwsError extends Error {
  $metadata?: { httpStatusCode?: number };
  Code?: string;
}

/** Does the service say that the resource is not there? */
export function isGone(error: unknown): boolean {
  const { name = "", message = "", $metadata } = error as AwsError;
  if ($metadata?.httpStatusCode === 404) return true;
  if (/NotFound|NoSuch|NonExistent|DoesNotExist/.test(name)) return true;
  // SageMaker has no error type of its own for this.
  return name === "ValidationException" && /could not find|does not exist/i.test(message);
}

/** Runs a deletion; that there is nothing to delete is fine. */
export async function ignoreGone(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}

/** The result, or undefined when the service says that the resource is not there. */
export async function orGone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (isGone(error)) return undefined;
    throw error;
  });
}

/** What went wrong, in one line, with AWS's name for it. */
export function describe(error: unknown): string {
  const { name, message } = error as Error;
  const isPlain = !name || name === "Error" || message.startsWith(name);
  return isPlain ? message : `${name}: ${message}`;
}

/** The protocol's way of saying that the resource now exists but is not finished. */
export function initializationFailed(
  id: string,
  state: Properties,
  inputs: Properties,
  reason: string,
): Partial<ServiceError> {
  const detail = new ErrorResourceInitFailed();
  detail.setId(id);
  detail.setProperties(toStruct(state));
  detail.setInputs(toStruct(inputs));
  detail.setReasonsList([reason]);
  const packed = new Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const answer = new Status();
  answer.setCode(status.UNKNOWN);
  answer.setMessage(reason);
  answer.addDetails(packed);
  const metadata = new Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(answer.serializeBinary()));
  return { code: status.UNKNOWN, details: reason, metadata };
}

export const toStruct = (properties: Properties) =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)) as Record<string, JavaScriptValue>);
