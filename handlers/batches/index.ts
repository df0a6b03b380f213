import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { keys } from "../shared/batches/batch";
import { BatchTable } from "../shared/batches/batch-table";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { recordSchema, targetOf } from "../shared/schema";
import { answerBatches, type Ports } from "./batches";

/** POST /batches and GET /batches/{id} behind API Gateway (REST, proxy integration). */

const env = readEnvironment({
  STACK: rules.stack,
  STATE_TABLE: { pattern: /^[\w.-]{3,255}$/, expected: "the name of the state table" },
  DATA_BUCKET: { pattern: /^[a-z0-9.-]{3,63}$/, expected: "the name of the data bucket" },
  RELEASE_ID: { pattern: /^[\w.-]*$/, expected: "the id of the served release, or nothing" },
  MAX_BYTES: { pattern: /^\d+$/, expected: "the size of an upload at most" },
  RETENTION_DAYS: { pattern: /^\d+$/, expected: "days for which a batch is kept" },
});

const Bucket = env.DATA_BUCKET;
const s3 = new S3Client({ maxAttempts: 3 });

const ports: Ports = {
  target: targetOf(recordSchema),
  release: env.RELEASE_ID,
  maxBytes: Number(env.MAX_BYTES),
  retentionDays: Number(env.RETENTION_DAYS),
  batches: new BatchTable(env.STATE_TABLE),
  log: createLog({ stack: env.STACK, function: "batches" }),
  now: () => new Date(),

  upload: (Key, seconds, maxBytes) =>
    createPresignedPost(s3, {
      ...{ Bucket, Key, Expires: seconds },
      Conditions: [["content-length-range", 0, maxBytes]], // an empty file is told of like any other fault
    }),

  download: (Key, name, type, seconds) =>
    getSignedUrl(
      s3,
      new GetObjectCommand({
        ...{ Bucket, Key, ResponseContentType: type },
        ResponseContentDisposition: `attachment; filename="${name}"`,
      }),
      { expiresIn: seconds },
    ),

  async answered(id) {
    const Prefix = keys.answers(id);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    return Contents.map(({ Key = "" }) => Key);
  },
};

export const handler = (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> =>
  answerBatches(event, ports);
