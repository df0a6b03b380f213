import * as v from "valibot";
import { type SqlSource } from "./source";

const whole = (least: number, most: number) =>
  v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const name = v.pipe(v.string(), v.nonEmpty());

/** What components/sources/rds-source.ts writes into the function's SETTINGS. */
export const settingsSchema = v.object({
  engine: v.picklist(["postgres", "mysql"]),
  host: name,
  port: whole(1, 65_535),
  database: name,
  /** Of a secret with `username` and `password`, as RDS keeps them in Secrets Manager. */
  secretArn: v.pipe(v.string(), v.regex(/^arn:[\w-]+:secretsmanager:/)),
  /** One of the two. */
  table: v.optional(name),
  query: v.optional(name),
  watermark: name,
  rowsPerObject: whole(1, 10_000_000),
  overlapSeconds: whole(0, 600),
  statementTimeoutSeconds: whole(1, 840),
  timeZone: v.pipe(v.string(), v.regex(/^[A-Za-z_]+(\/[\w+-]+)*$/)),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

/** The settings in the core's terms. */
export function sourceOf(source: string, settings: Settings): SqlSource {
  const { engine, host, port, database, timeZone, statementTimeoutSeconds } = settings;
  const { table, query = "", watermark, rowsPerObject, overlapSeconds } = settings;
  return {
    ...{ source, watermark, rowsPerObject, overlapSeconds },
    wanted: table === undefined ? { query } : { table },
    connection: { engine, host, port, database, timeZone, statementTimeoutSeconds },
  };
}
