import { CopyObjectCommand, paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import pLimit from "p-limit";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { readSnapshot, snapshotKeys } from "../data/snapshot";
import { type Progress } from "../output";
import { artifactDigest } from "./artifact";
import { readReleaseSchema, releasePrefix, type ReleaseRecord, writeReleaseSchema } from "./record";

/** A data bucket, and who may read or write it. */
export interface Place {
  s3: S3Client;
  bucket: string;
}

type Copied = Pick<ReleaseRecord, "id" | "ingredients" | "modelDataUrl" | "modelDataSha256">;

const atATime = 16;

/**
 * Copies what a release was made from and is judged by: its snapshot, its processed rows and its schema. S3 does it between the
 * buckets, nothing comes here; what is there already is left alone.
 */
export async function copyReleaseData(
  from: Place,
  to: Place,
  { id, ingredients }: Copied,
  progress: Progress,
): Promise<void> {
  const { rows, profile, manifest } = snapshotKeys(ingredients.snapshot);
  if (!(await readSnapshot(to.s3, to.bucket, ingredients.snapshot))) {
    await copyAll(from, to, rows, progress);
    for (const key of [profile, manifest]) await copyObject(from, to, key); // where the manifest is, the snapshot is whole
  }
  await copyAll(from, to, `${releasePrefix(id)}processed/`, progress);
  const schema = await readReleaseSchema(from.s3, from.bucket, id);
  if (schema) await writeReleaseSchema(to.s3, to.bucket, id, schema);
}

/**
 * Copies the artifact under the same key.
 * @returns where it is. @throws UserError when the copy is not, byte for byte, what was trained.
 */
export async function copyArtifact(
  from: Place,
  to: Place,
  { id, modelDataUrl, modelDataSha256 }: Copied,
): Promise<string> {
  const key = decodeURIComponent(new URL(modelDataUrl).pathname.slice(1));
  await copyObject(from, to, key);
  const copy = `s3://${to.bucket}/${key}`;
  const found = await artifactDigest(to.s3, copy);
  if (modelDataSha256 !== undefined && found !== modelDataSha256) {
    throw new UserError(
      `The copy of release ${id}'s artifact (${copy}) has the SHA-256 ${found}, not ${modelDataSha256}. Nothing has been ` +
        "deployed. Run the same command again.",
    );
  }
  return copy;
}

async function copyAll(from: Place, to: Place, prefix: string, progress: Progress): Promise<void> {
  const limit = pLimit(atATime);
  const copies: Promise<void>[] = [];
  let done = 0;
  const pages = paginateListObjectsV2({ client: from.s3 }, { Bucket: from.bucket, Prefix: prefix });
  for await (const { Contents = [] } of pages) {
    for (const { Key = "" } of Contents) {
      copies.push(
        limit(async () => {
          throwIfInterrupted();
          await copyObject(from, to, Key);
          progress.now(`${++done} objects of ${prefix}`);
        }),
      );
    }
  }
  await Promise.all(copies);
}

/** S3 copies up to 5 GB at once, which is as much as one part of a snapshot or an artifact has. */
async function copyObject(from: Place, to: Place, key: string): Promise<void> {
  const CopySource = `${from.bucket}/${encodeURIComponent(key)}`;
  await to.s3.send(
    new CopyObjectCommand({ Bucket: to.bucket, Key: key, CopySource, ChecksumAlgorithm: "SHA256" }),
  );
}
