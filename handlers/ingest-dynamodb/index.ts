import {
  DescribeExportCommand,
  DynamoDBClient,
  ExportTableToPointInTimeCommand,
} from "@aws-sdk/client-dynamodb";
import { type DynamoDBStreamEvent } from "aws-lambda";
import { createHash } from "node:crypto";
import * as v from "valibot";
import { alone } from "../shared/landing/alone";
import { ingestHandler } from "../shared/landing/entry";
import { type Exports, run } from "./ingest";
import { type Export } from "./plan";
import { landBatch } from "./stream";

/**
 * DynamoDB table -> exports below `incoming/<source>/` of the data bucket -> `raw/<source>/`, as JSON Lines. DynamoDB
 * takes minutes for an export: a run asks for it, a later one lands it. Or: the table's stream -> `raw/<source>/`, a batch
 * an object.
 */

const attributes = v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.nullable(v.string())));
const exportSchema = v.object({
  mode: v.literal("export"),
  tableArn: v.string(),
  keyArn: v.string(),
  attributes,
  rememberedDays: v.number(),
});
const streamSchema = v.object({ mode: v.literal("stream"), attributes });
const settingsSchema = v.variant("mode", [exportSchema, streamSchema]);

const dynamo = new DynamoDBClient({ maxAttempts: 5 });

/** Exports of one table to one bucket, encrypted with the bucket's key. */
function exportsOf(
  source: string,
  bucket: string,
  { tableArn, keyArn }: v.InferOutput<typeof exportSchema>,
): Exports {
  return {
    async start({ from, to, token }: Export) {
      const { ExportDescription } = await dynamo.send(
        new ExportTableToPointInTimeCommand({
          TableArn: tableArn,
          S3Bucket: bucket,
          S3Prefix: `incoming/${source}`,
          S3SseAlgorithm: "KMS",
          S3SseKmsKeyId: keyArn,
          ExportFormat: "DYNAMODB_JSON",
          ClientToken: createHash("sha256").update(`${source} ${token}`).digest("hex"),
          ...(from !== undefined && to !== undefined
            ? {
                ExportType: "INCREMENTAL_EXPORT",
                IncrementalExportSpecification: {
                  ExportFromTime: new Date(from),
                  ExportToTime: new Date(to),
                  ExportViewType: "NEW_IMAGE",
                },
              }
            : { ExportType: "FULL_EXPORT" }),
        }),
      );
      return ExportDescription?.ExportArn ?? "";
    },
    async describe(ExportArn) {
      const { ExportDescription: found } = await dynamo.send(new DescribeExportCommand({ ExportArn }));
      return {
        status: found?.ExportStatus ?? "IN_PROGRESS",
        failure: [found?.FailureCode, found?.FailureMessage].filter(Boolean).join(": "),
        exportTime: found?.ExportTime?.toISOString(),
        manifest: found?.ExportManifest,
      };
    },
  };
}

export const handler = ingestHandler(settingsSchema, ({ settings, ...ingest }, event) => {
  if (settings.mode === "export")
    return alone(ingest, () =>
      run({ ...ingest, settings }, exportsOf(ingest.source, ingest.bucket, settings)),
    );
  const { Records: records } = event as Partial<DynamoDBStreamEvent>;
  if (records) return landBatch({ ...ingest, settings }, records);
  const waiting = "the table's stream brings what changes, as it changes";
  return Promise.resolve({ source: ingest.source, landed: [], setAside: [], waiting });
});
