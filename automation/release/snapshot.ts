import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { type Readable } from "node:stream";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { getJson, putJson } from "./objects";

/** One object of a snapshot. */
export interface SnapshotObject {
  key: string;
  /** S3 version that was frozen. */
  versionId: string;
  /** SHA-256 of the content, hexadecimal. */
  sha256: string;
  /** Bytes. */
  size: number;
}

/** The frozen input of a release: which objects, with which content. */
export interface Snapshot {
  /** SHA-256 over keys, checksums and sizes, hexadecimal: the same data has the same hash, whenever it was landed. */
  hash: string;
  objects: SnapshotObject[];
}

/** Prefix of what sources land in the data bucket. */
export const rawPrefix = "raw/";

/** Prefix of a snapshot's objects: a copy under the same names, which later changes to `raw/` do not reach. */
export const snapshotDataPrefix = (hash: string) => `snapshots/${hash}/data/`;
const manifestKey = (hash: string) => `snapshots/${hash}/manifest.json`;

/**
 * Freezes what is in `raw/` now. Copies inside S3; nothing is copied when the same data was frozen before.
 * @throws UserError when there is no data.
 */
export async function takeSnapshot(s3: S3Client, bucket: string): Promise<Snapshot> {
  const snapshot = await lookAtData(s3, bucket);
  await freeze(s3, bucket, snapshot);
  return snapshot;
}

/** The snapshot that would be taken now; changes nothing. @throws UserError when there is no data. */
export async function lookAtData(s3: S3Client, bucket: string): Promise<Snapshot> {
  const objects: SnapshotObject[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: rawPrefix })) {
    for (const { Key, Size } of page.Contents ?? []) {
      throwIfInterrupted();
      if (Key && Size) objects.push(await describe(s3, bucket, Key));
    }
  }
  if (objects.length === 0) {
    throw new UserError(
      `There is no data under s3://${bucket}/${rawPrefix}. Land CSV files there, for example with ` +
        `'aws s3 cp data/taxis.csv s3://${bucket}/${rawPrefix}s3/2019-03-31/taxis.csv', then try again.`,
    );
  }
  objects.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { hash: hashOf(objects), objects };
}

/** The snapshot of this hash, or undefined. */
export const readSnapshot = (s3: S3Client, bucket: string, hash: string) =>
  getJson<Snapshot>(s3, bucket, manifestKey(hash));

function hashOf(objects: SnapshotObject[]): string {
  const lines = objects.map(({ key, sha256, size }) => `${key}\t${sha256}\t${size}\n`);
  return createHash("sha256").update(lines.join("")).digest("hex");
}

async function describe(s3: S3Client, bucket: string, key: string): Promise<SnapshotObject> {
  const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: "ENABLED" }));
  const versionId = head.VersionId ?? "null";
  // S3 keeps the checksum of an upload that gave one; in parts it is one of the parts' checksums ("...-3").
  const kept = head.ChecksumSHA256?.includes("-") ? undefined : head.ChecksumSHA256;
  const sha256 = kept
    ? Buffer.from(kept, "base64").toString("hex")
    : await digest(s3, bucket, key, versionId);
  return { key, versionId, sha256, size: head.ContentLength ?? 0 };
}

/** SHA-256 of an object's content, hexadecimal. @param versionId without one: the newest. */
export async function digest(s3: S3Client, bucket: string, key: string, versionId?: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  const hash = createHash("sha256");
  for await (const chunk of Body as Readable) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

async function freeze(s3: S3Client, bucket: string, snapshot: Snapshot): Promise<void> {
  if (await readSnapshot(s3, bucket, snapshot.hash)) return;
  for (const { key, versionId } of snapshot.objects) {
    throwIfInterrupted();
    const source = `${bucket}/${encodeURIComponent(key)}?versionId=${versionId}`;
    const copy = snapshotDataPrefix(snapshot.hash) + key.slice(rawPrefix.length);
    await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: copy, CopySource: source }));
  }
  // The manifest comes last: where it is, the snapshot is whole.
  await putJson(s3, bucket, manifestKey(snapshot.hash), snapshot);
}
