import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { type GateSettings } from "../../components/release/gate-settings";
import { type Check } from "./gate/decide";
import { type Ingredients } from "./release-id";
import { type Schema } from "../project";
import { getJson, putJson } from "../objects";

/** What the gate found. */
export interface Gate {
  decision: "accepted" | "rejected";
  /** In sentences for people. */
  reason: string;
  /** The release that was served then. */
  champion?: string;
  checks: Check[];
  settings: GateSettings;
  /** ISO 8601. */
  at: string;
  /** Folder of report.json, report.md and report.html: `s3://...`. */
  report: string;
}

/** A person's no, which is final. */
export interface Rejection {
  reason: string;
  /** ISO 8601. */
  at: string;
}

/** How a release has come from another stack. */
export interface Promoted {
  /** The stack that served it. */
  from: string;
  /** ISO 8601. */
  at: string;
  by: string;
}

/** What is kept of a trained release, under `releases/<id>/record.json` in the data bucket. */
export interface ReleaseRecord {
  id: string;
  /** ISO 8601. */
  createdAt: string;
  /** Git commit of the working tree (with `+` when it had changes), or undefined outside a repository. */
  commit?: string;
  /** Who made it: the user of the machine, or of the workflow. */
  by: string;
  ingredients: Ingredients;
  processingJob: string;
  trainingJob: string;
  /** `s3://.../model.tar.gz` */
  modelDataUrl: string;
  /** Hexadecimal; of what the training job has left there. Undefined for a release of an earlier Slipway. */
  modelDataSha256?: string;
  /** As the training job reported them: `test:mae`, ... */
  metrics: Record<string, number>;
  modelPackageArn: string;
  /** Undefined until the gate has judged it. */
  gate?: Gate;
  rejection?: Rejection;
  /** Where it was trained and proven, when that was not in this stack. */
  promoted?: Promoted;
}

/** Prefix of all that belongs to a release. */
export const releasePrefix = (id: string) => `releases/${id}/`;
const recordKey = (id: string) => `${releasePrefix(id)}record.json`;
const schemaKey = (id: string) => `${releasePrefix(id)}schema.json`;
const allReleases = "releases/";

/** The record of a release that was trained, or undefined. */
export const readRecord = (s3: S3Client, bucket: string, id: string) =>
  getJson<ReleaseRecord>(s3, bucket, recordKey(id));

export const writeRecord = (s3: S3Client, bucket: string, record: ReleaseRecord) =>
  putJson(s3, bucket, recordKey(record.id), record);

/** The schema that a release was trained with, or undefined for one of an older Slipway. */
export const readReleaseSchema = (s3: S3Client, bucket: string, id: string) =>
  getJson<Schema>(s3, bucket, schemaKey(id));

export const writeReleaseSchema = (s3: S3Client, bucket: string, id: string, schema: Schema) =>
  putJson(s3, bucket, schemaKey(id), schema);

/** The records of all trained releases, newest first. */
export async function listRecords(s3: S3Client, bucket: string): Promise<ReleaseRecord[]> {
  const ids: string[] = [];
  const input = { Bucket: bucket, Prefix: allReleases, Delimiter: "/" };
  for await (const page of paginateListObjectsV2({ client: s3 }, input)) {
    ids.push(...(page.CommonPrefixes ?? []).map(({ Prefix = "" }) => Prefix.slice(allReleases.length, -1)));
  }
  const records = await Promise.all(ids.map((id) => readRecord(s3, bucket, id)));
  return records
    .filter((record) => record !== undefined)
    .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}
