import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { DuckDBConnection } from "@duckdb/node-api";
import { readdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RoleSession } from "../../sagemaker/aws/cloud";
import {
  downloadPrefix,
  parseS3Uri,
  type S3Location,
  TransferError,
  uploadFile,
} from "../../sagemaker/aws/s3";
import { toDuckDb } from "./dialect";
import type { Copy, Options, Unload } from "./transfer-options";

const textOf = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** What a file of an UNLOAD holds. */
interface Part {
  file: string;
  url: string;
  location: S3Location;
  bytes: number;
  rows: number;
}

/**
 * Runs an UNLOAD: rows to files in `scratch`, those to S3 with the role's permissions, the manifest last.
 * @returns rows. @throws Error in Redshift's words.
 */
export async function unload(
  connection: DuckDBConnection,
  session: RoleSession,
  { query, to, options }: Unload,
  scratch: string,
): Promise<number> {
  const target = parseS3Uri(to);
  if (!options.overwrite) await requireEmpty(session, to);
  const folder = join(scratch, "parts");
  await connection.run(`COPY (${toDuckDb(query)}) TO ${textOf(folder)} (${writerOptions(options)})`);
  const parts = await partsIn(connection, folder, target, options);
  for (const { file, location } of parts)
    await explained(to, uploadFile(session, file, location, options.kmsKeyId));
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  if (options.manifest) {
    const file = join(scratch, "manifest");
    writeFileSync(file, JSON.stringify(await manifestOf(connection, query, parts, rows)));
    const location = { ...target, key: `${target.key}manifest` };
    await explained(to, uploadFile(session, file, location, options.kmsKeyId));
  }
  return rows;
}

function writerOptions({ format, header, gzip, maxFileSize }: Options): string {
  const size = `FILE_SIZE_BYTES ${Math.round(maxFileSize)}`;
  return format === "parquet"
    ? `FORMAT PARQUET, COMPRESSION SNAPPY, ${size}`
    : `FORMAT CSV, HEADER ${header}, COMPRESSION ${gzip ? "GZIP" : "NONE"}, ${size}`;
}

async function requireEmpty(session: RoleSession, to: string): Promise<void> {
  const { bucket: Bucket, key: Prefix } = parseS3Uri(to);
  const listing = session.s3.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 }));
  if (((await explained(to, listing)).Contents ?? []).length === 0) return;
  throw new Error(
    "ERROR: Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
  );
}

/** The written files under the names that Redshift gives them; none for no rows, as with Redshift and Parquet. */
async function partsIn(
  connection: DuckDBConnection,
  folder: string,
  target: S3Location,
  { format, header, gzip }: Options,
): Promise<Part[]> {
  const ending = format === "parquet" ? ".parquet" : gzip ? ".gz" : "";
  const parts: Part[] = [];
  for (const name of readdirSync(folder).sort()) {
    const file = join(folder, name);
    const rows = await count(
      connection,
      format === "parquet"
        ? `SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(${textOf(file)})`
        : `SELECT count(*) FROM read_csv(${textOf(file)}, header = ${header}, all_varchar = true)`,
    );
    if (rows === 0) continue;
    const index = String(parts.length).padStart(4, "0");
    const key = `${target.key}${index}_part_00${ending}`;
    const renamed = join(folder, `unloaded-${index}`);
    renameSync(file, renamed);
    const location = { ...target, key };
    parts.push({
      file: renamed,
      url: `s3://${target.bucket}/${key}`,
      location,
      bytes: statSync(renamed).size,
      rows,
    });
  }
  return parts;
}

async function count(connection: DuckDBConnection, sql: string): Promise<number> {
  const reader = await connection.runAndReadAll(sql);
  return Number(reader.getRows()[0]?.[0] ?? 0);
}

/** MANIFEST VERBOSE: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html */
async function manifestOf(
  connection: DuckDBConnection,
  query: string,
  parts: Part[],
  rows: number,
): Promise<object> {
  const described = await connection.runAndReadAll(`DESCRIBE ${toDuckDb(query)}`);
  const elements = described
    .getRows()
    .map(([name, type]) => ({ name, type: { base: String(type as string).toLowerCase() } }));
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    entries: parts.map((part) => ({
      url: part.url,
      meta: { content_length: part.bytes, record_count: part.rows },
    })),
    schema: { elements },
    meta: { content_length: bytes, record_count: rows },
    author: { name: "Amazon Redshift", version: "1.0.0" },
  };
}

/** Runs a COPY: the objects below its prefix into the table, in one transaction. @returns rows. */
export async function copy(
  connection: DuckDBConnection,
  session: RoleSession,
  { table, from, options }: Copy,
  scratch: string,
): Promise<number> {
  const folder = join(scratch, "objects");
  await explained(from, downloadPrefix(session, from, folder));
  const { format, header, gzip } = options;
  const how =
    format === "parquet"
      ? "FORMAT PARQUET"
      : `FORMAT CSV, HEADER ${header}, COMPRESSION ${gzip ? "GZIP" : "NONE"}, NULLSTR ''`;
  const result = await connection.run(`COPY ${table} FROM ${textOf(`${folder}/**`)} (${how})`);
  return result.rowsChanged;
}

/** What S3 or STS refuses becomes what Redshift says of it. */
async function explained<T>(uri: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { name, message } = error as Error;
    const refused = error instanceof TransferError || /AccessDenied|NoSuchBucket/.test(name);
    if (!refused) throw error;
    throw new Error(`ERROR: S3ServiceException: ${message}, location ${uri}`, { cause: error });
  }
}
