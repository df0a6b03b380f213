import {
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import pLimit from "p-limit";
import { manifestEnding } from "../../handlers/shared/landing/landing";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";

/** One landed object, as it was when it was looked at. */
export interface LandedObject {
  key: string;
  /** S3 version that was looked at. */
  versionId: string;
  /** SHA-256 of the content, hexadecimal. */
  sha256: string;
  /** Bytes. */
  size: number;
}

/** Prefix of what sources land in the data bucket, each under its own name. */
export const rawPrefix = "raw/";
const atATime = 16;

/**
 * What has been landed, sorted by key.
 * @param source name of one source; none: of all of them.
 * @param wanted which keys; none: all of them.
 * @throws UserError when there is no data, or an object of a kind that is none.
 */
export async function landedObjects(
  s3: S3Client,
  bucket: string,
  source?: string,
  wanted: (key: string) => boolean = () => true,
): Promise<LandedObject[]> {
  const prefix = source ? `${rawPrefix}${source}/` : rawPrefix;
  const limit = pLimit(atATime);
  const found: Promise<LandedObject>[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    throwIfInterrupted();
    for (const { Key, Size } of page.Contents ?? []) {
      if (Key && Size && !Key.endsWith(manifestEnding) && wanted(Key))
        found.push(limit(() => describe(s3, bucket, Key)));
    }
  }
  const objects = await Promise.all(found);
  if (objects.length === 0) throw nothingLanded(bucket, prefix);
  const unknown = objects.find(({ key }) => !suffixOf(key));
  if (unknown) {
    throw new UserError(
      `s3://${bucket}/${unknown.key} is none of ${suffixes.join(", ")}. Delete it or give it the ending of what it is, then try again.`,
    );
  }
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const suffixes = [".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet"];

/** The ending by which an object says what it is. */
export const suffixOf = (key: string) => suffixes.find((suffix) => key.endsWith(suffix));

const nothingLanded = (bucket: string, prefix: string) =>
  new UserError(
    `There is no data under s3://${bucket}/${prefix}. Switch a source on (docs/data-sources.md) and run 'npx slipway ingest ` +
      `<stack>', or land a file by hand, for example with 'aws s3 cp data/taxis.csv s3://${bucket}/${rawPrefix}s3/2019-03-31/taxis.csv'; ` +
      "then try again.",
  );

async function describe(s3: S3Client, bucket: string, key: string): Promise<LandedObject> {
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

/**
 * Fetches objects into files, compressed ones decompressed.
 * @param fileOf where each goes.
 * @param progress is told how many are there.
 * @throws UserError that names an object which is cut off or not compressed as it says.
 */
export async function download(
  s3: S3Client,
  bucket: string,
  objects: LandedObject[],
  fileOf: (object: LandedObject) => string,
  progress: (done: number) => void,
): Promise<void> {
  const limit = pLimit(atATime);
  let done = 0;
  await Promise.all(
    objects.map((object) =>
      limit(async () => {
        throwIfInterrupted();
        const VersionId = object.versionId === "null" ? undefined : object.versionId;
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: object.key, VersionId }));
        await write(Body as Readable, object.key, fileOf(object));
        progress(++done);
      }),
    ),
  );
}

async function write(body: Readable, key: string, file: string): Promise<void> {
  const signal = interruptSignal;
  if (!key.endsWith(".gz")) return pipeline(body, createWriteStream(file), { signal });
  try {
    await pipeline(body, createGunzip(), createWriteStream(file), { signal });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code?.startsWith("Z_")) throw error;
    throw new UserError(
      `${key} cannot be decompressed: ${message}. Delete it or land it anew, then try again.`,
    );
  }
}
