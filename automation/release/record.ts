import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { type Ingredients } from "./release-id";
import { getJson, putJson } from "./objects";

/** What is kept of a trained release, under `releases/<id>/record.json` in the data bucket. */
export interface ReleaseRecord {
  id: string;
  /** ISO 8601. */
  createdAt: string;
  /** Git commit of the working tree (with `+` when it had changes), or undefined outside a repository. */
  commit?: string;
  ingredients: Ingredients;
  processingJob: string;
  trainingJob: string;
  /** `s3://.../model.tar.gz` */
  modelDataUrl: string;
  /** As the training job reported them: `test:mae`, ... */
  metrics: Record<string, number>;
  modelPackageArn: string;
}

/** Prefix of all that belongs to a release. */
export const releasePrefix = (id: string) => `releases/${id}/`;
const recordKey = (id: string) => `${releasePrefix(id)}record.json`;
const allReleases = "releases/";

/** The record of a release that was trained, or undefined. */
export const readRecord = (s3: S3Client, bucket: string, id: string) =>
  getJson<ReleaseRecord>(s3, bucket, recordKey(id));

export const writeRecord = (s3: S3Client, bucket: string, record: ReleaseRecord) =>
  putJson(s3, bucket, recordKey(record.id), record);

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
