import {
  DescribeExportCommand,
  DynamoDBClient,
  ExportTableToPointInTimeCommand,
} from "@aws-sdk/client-dynamodb";
import { createHash } from "node:crypto";
import * as v from "valibot";
import { ingestHandler } from "../shared/landing/entry";
import { type Exports, run } from "./ingest";
import { type Export } from "./plan";

/**
 * DynamoDB table -> exports below `incoming/<source>/` of the data bucket -> `raw/<source>/`, as JSON Lines. DynamoDB
 * takes minutes for an export: a run asks for it, a later one lands it.
 */

const settingsSchema = v.object({
  tableArn: v.string(),
  keyArn: v.string(),
  attributes: v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.nullable(v.string()))),
  rememberedDays: v.number(),
});

const dynamo = new DynamoDBClient({ maxAttempts: 5 });

/** Exports of one table to one bucket, encrypted with the bucket's key. */
function exportsOf(
  source: string,
  bucket: string,
  { tableArn, keyArn }: v.InferOutput<typeof settingsSchema>,
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

export const handler = ingestHandler(settingsSchema, (ingest) =>
  run(ingest, exportsOf(ingest.source, ingest.bucket, ingest.settings)),
);
