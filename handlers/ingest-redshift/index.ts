import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  RedshiftDataClient,
  ResourceNotFoundException,
  type StatusString,
} from "@aws-sdk/client-redshift-data";
import * as v from "valibot";
import { alone } from "../shared/landing/alone";
import { ingestHandler } from "../shared/landing/entry";
import { run } from "./ingest";
import { type Statement, type Warehouse } from "./warehouse";

/**
 * A query of Redshift -> UNLOAD to `incoming/<source>/` of the data bucket -> `raw/<source>/`, as Parquet. The rows go
 * from Redshift to S3 directly; the Lambda only copies whole files.
 */

const settingsSchema = v.object({
  query: v.string(),
  watermark: v.string(),
  overlapSeconds: v.number(),
  roleArn: v.string(),
  keyArn: v.string(),
  database: v.string(),
  workgroupArn: v.optional(v.string()),
  clusterIdentifier: v.optional(v.string()),
  secretArn: v.optional(v.string()),
});

type Settings = v.InferOutput<typeof settingsSchema>;

const redshift = new RedshiftDataClient({ maxAttempts: 5 });

const statuses: Partial<Record<StatusString, Statement["status"]>> = {
  FINISHED: "finished",
  FAILED: "failed",
  ABORTED: "aborted",
};

const warehouseOf = ({ database, workgroupArn, clusterIdentifier, secretArn }: Settings): Warehouse => ({
  async execute(Sql, ClientToken) {
    const { Id } = await redshift.send(
      new ExecuteStatementCommand({
        ...{ Sql, ClientToken, Database: database, SecretArn: secretArn },
        ...{ WorkgroupName: workgroupArn, ClusterIdentifier: clusterIdentifier },
      }),
    );
    return Id ?? "";
  },
  async describe(Id) {
    try {
      const { Status, Error: error } = await redshift.send(new DescribeStatementCommand({ Id }));
      return { status: statuses[Status ?? "STARTED"] ?? "running", error };
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    }
  },
  async result(Id) {
    const { ColumnMetadata = [], Records = [] } = await redshift.send(new GetStatementResultCommand({ Id }));
    return {
      columns: ColumnMetadata.map(({ name = "" }) => name),
      first: (Records[0] ?? []).map(({ stringValue, longValue }) => stringValue ?? longValue?.toString()),
    };
  },
});

export const handler = ingestHandler(settingsSchema, (given) =>
  alone(given, () => run(given, warehouseOf(given.settings))),
);
