import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Context } from "aws-lambda";
import * as v from "valibot";
import { RequestReader } from "../predict/request";
import { validate } from "../predict/validate";
import { batchOfInput, isBatchId } from "../shared/batches/batch";
import { BatchTable } from "../shared/batches/batch-table";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { recordSchema, targetOf } from "../shared/schema";
import { type Ports } from "./ports";
import { RowReader } from "./rows";
import { S3Objects } from "./s3-objects";
import { finish, start } from "./score";
import { TransformJobs } from "./transform-jobs";

/** What EventBridge tells of batches: an upload has come, or a transform job has come to its end. */

const env = readEnvironment({
  STACK: rules.stack,
  ENDPOINT_NAME: rules.endpointName,
  RESULTS_QUEUE_URL: rules.url,
  STATE_TABLE: { pattern: /^[\w.-]{3,255}$/, expected: "the name of the state table" },
  DATA_BUCKET: { pattern: /^[a-z0-9.-]{3,63}$/, expected: "the name of the data bucket" },
  JOB_PREFIX: { pattern: /^[A-Za-z0-9][A-Za-z0-9-]*-$/, expected: "what names of transform jobs begin with" },
  MODEL_NAME: { pattern: /^[A-Za-z0-9-]{0,63}$/, expected: "the name of a SageMaker model, or nothing" },
  RELEASE_ID: { pattern: /^[\w.-]*$/, expected: "the id of the served release, or nothing" },
  INSTANCE_TYPE: { pattern: /^ml\.[\w.-]+$/, expected: "an instance type such as ml.m5.large" },
  ENDPOINT_BYTES: { pattern: /^\d+$/, expected: "the size of files up to which the endpoint answers" },
});

const endpoint = new SageMakerRuntimeClient({
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 60_000, throwOnRequestTimeout: true },
});
const queue = new SQSClient({ maxAttempts: 5 });
const jobs = new TransformJobs({
  ...{ bucket: env.DATA_BUCKET, prefix: env.JOB_PREFIX, instanceType: env.INSTANCE_TYPE },
  ...{ model: env.MODEL_NAME, stack: env.STACK },
});

const ports: Ports = {
  stack: env.STACK,
  schema: recordSchema,
  target: targetOf(recordSchema),
  reader: new RowReader(recordSchema, new RequestReader(recordSchema, validate)),
  batches: new BatchTable(env.STATE_TABLE),
  objects: new S3Objects(env.DATA_BUCKET),
  served: { model: env.MODEL_NAME, release: env.RELEASE_ID },
  endpointBytes: Number(env.ENDPOINT_BYTES),
  retryMilliseconds: 1000,
  log: createLog({ stack: env.STACK, function: "score" }),
  now: () => new Date(),
  transform: ({ id }, release) => jobs.start(id, release),

  async invoke(body) {
    const output = await endpoint.send(
      new InvokeEndpointCommand({
        ...{ EndpointName: env.ENDPOINT_NAME, ContentType: "application/json", Accept: "application/json" },
        ...{ Body: body, CustomAttributes: "partial=true" }, // a record that the model refuses costs no other one
      }),
    );
    return { body: output.Body.transformToString(), customAttributes: output.CustomAttributes };
  },

  async announce(event) {
    const MessageBody = JSON.stringify(event);
    await queue.send(new SendMessageCommand({ QueueUrl: env.RESULTS_QUEUE_URL, MessageBody }));
  },
};

const createdSchema = v.object({
  "detail-type": v.literal("Object Created"),
  detail: v.object({
    object: v.object({ key: v.string(), size: v.number(), "version-id": v.nullish(v.string()) }),
  }),
});

const endedSchema = v.object({
  "detail-type": v.literal("SageMaker Transform Job State Change"),
  detail: v.object({
    TransformJobName: v.string(),
    TransformJobStatus: v.picklist(["Completed", "Failed", "Stopped"]),
    FailureReason: v.nullish(v.string()),
  }),
});

export async function handler(
  event: unknown,
  context: Pick<Context, "awsRequestId" | "getRemainingTimeInMillis">,
): Promise<void> {
  const told = v.parse(v.union([createdSchema, endedSchema]), event);
  if (told["detail-type"] === "Object Created") {
    const { key, size, "version-id": version } = told.detail.object;
    const upload = batchOfInput(key);
    if (upload === undefined) return ports.log.warn("an object that is no upload", { key });
    const run = { id: context.awsRequestId, remaining: () => context.getRemainingTimeInMillis() };
    return start({ ...upload, bytes: size, version: version ?? undefined }, run, ports);
  }
  const { TransformJobName: job, TransformJobStatus: status, FailureReason: reason } = told.detail;
  const id = job.slice(env.JOB_PREFIX.length);
  if (!job.startsWith(env.JOB_PREFIX) || !isBatchId(id)) return ports.log.warn("a job of no batch", { job });
  return finish({ id, job, status, reason: reason ?? undefined }, ports);
}
