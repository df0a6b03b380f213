import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, stat } from "node:fs/promises";
import { dirname, join, posix, relative, sep } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { create, extract } from "tar";
import type { RoleSession } from "./cloud";

const parallelTransfers = 8;
const maxBufferedBytes = 16 * 1024 * 1024;

/** Something about the user's data or permissions that stops a transfer. */
export class TransferError extends Error {}

export interface S3Location {
  bucket: string;
  key: string;
}

/** @throws TransferError when this is not an S3 URI. */
export function parseS3Uri(uri: string): S3Location {
  const match = /^(?:s3|https):\/\/([^/]+)\/?(.*)$/s.exec(uri);
  if (!match) throw new TransferError(`"${uri}" is not an S3 URI; it looks like s3://bucket/prefix`);
  return { bucket: match[1] ?? "", key: match[2] ?? "" };
}

const s3Uri = ({ bucket, key }: S3Location) => `s3://${bucket}/${key}`;
const objectArn = ({ bucket, key }: S3Location) => `arn:aws:s3:::${bucket}/${key}`;

/** How to download an input: until aborted, and only every `of`-th object. */
export interface DownloadOptions {
  signal?: AbortSignal;
  shard?: { index: number; of: number };
}

const inShard = <T>(items: T[], { shard }: DownloadOptions) =>
  shard ? items.filter((_, place) => place % shard.of === shard.index) : items;

/** Downloads every object whose key begins with the prefix of `uri`, laid out below `folder` as SageMaker does. */
export async function downloadPrefix(
  session: RoleSession,
  uri: string,
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { signal } = options;
  const location = parseS3Uri(uri);
  const keys = await listPrefix(session, uri, signal);
  await mkdir(folder, { recursive: true });
  const { bucket } = location;
  await inParallel(inShard(keys, options), (key) =>
    downloadObject(session, { bucket, key }, localFile(folder, belowPrefix(location.key, key)), signal),
  );
}

/** Keys of the objects that begin with the prefix of `uri`. @throws TransferError in AWS's words when there are none. */
export async function listPrefix(session: RoleSession, uri: string, signal?: AbortSignal): Promise<string[]> {
  const location = parseS3Uri(uri);
  const keys = await listKeys(session, location, signal);
  if (keys.length === 0) {
    throw new TransferError(
      `No S3 objects found under S3 URL "${uri}" given in input data source. Please ensure that the bucket exists, that objects exist under that S3 prefix, and that the role "${session.roleArn}" has "s3:ListBucket" permissions on bucket "${location.bucket}".`,
    );
  }
  return keys;
}

/** Downloads the objects that a manifest lists: `[{"prefix": "s3://..."}, "key below it", ...]`. */
export async function downloadManifest(
  session: RoleSession,
  uri: string,
  folder: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { signal } = options;
  const file = localFile(folder, ".manifest");
  const { prefix, names } = await readManifest(session, uri, file, signal);
  await inParallel(inShard(names, options), (name) =>
    downloadObject(session, parseS3Uri(prefix + name), localFile(folder, name), signal),
  );
}

/** A manifest's prefix and the keys below it; `file` is where it is put for a moment. */
export async function readManifest(
  session: RoleSession,
  uri: string,
  file: string,
  signal?: AbortSignal,
): Promise<{ prefix: string; names: string[] }> {
  await downloadObject(session, parseS3Uri(uri), file, signal);
  const [{ prefix }, ...names] = parseManifest(await readFile(file, "utf8"), uri);
  await rm(file);
  return { prefix, names };
}

function parseManifest(text: string, uri: string): [{ prefix: string }, ...string[]] {
  const bad = new TransferError(
    `"${uri}" is not a manifest: a JSON list of {"prefix": "s3://..."} and keys below it`,
  );
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw bad;
  }
  const [head, ...names] = Array.isArray(manifest) ? (manifest as unknown[]) : [];
  const prefix = (head as { prefix?: unknown } | undefined)?.prefix;
  if (typeof prefix !== "string" || !names.every((name): name is string => typeof name === "string"))
    throw bad;
  return [{ prefix }, ...names];
}

/** Downloads one object to a file. */
export async function downloadObject(
  session: RoleSession,
  location: S3Location,
  file: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const command = new GetObjectCommand({ Bucket: location.bucket, Key: location.key });
  await explained(session, "s3:GetObject", location, async () => {
    const answer = await session.s3.send(command, { abortSignal: signal });
    await pipeline(answer.Body as Readable, createWriteStream(file), { signal });
  });
}

/** Downloads a `model.tar.gz` and unpacks it into `folder`. */
export async function downloadArchive(
  session: RoleSession,
  uri: string,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const archive = `${folder}.tar.gz`;
  await downloadObject(session, parseS3Uri(uri), archive, signal);
  try {
    await extract({ file: archive, cwd: folder, strict: true });
  } catch (error) {
    throw new TransferError(`"${uri}" is not a gzipped tar archive: ${(error as Error).message}`);
  } finally {
    await rm(archive, { force: true });
  }
}

/** Whether the role can read this object. @throws TransferError when it cannot, or there is none. */
export async function requireObject(session: RoleSession, uri: string): Promise<void> {
  const location = parseS3Uri(uri);
  await explained(session, "s3:GetObject", location, () =>
    session.s3.send(new HeadObjectCommand({ Bucket: location.bucket, Key: location.key })),
  );
}

/** Packs the content of `folder` and uploads it as one archive. */
export async function uploadArchive(
  session: RoleSession,
  folder: string,
  uri: string,
  kmsKeyId?: string,
): Promise<void> {
  const archive = `${folder}.tar.gz`;
  const names = await readdir(folder);
  // An archive of nothing: `create` takes at least one name.
  await create({ file: archive, cwd: folder, gzip: true }, names.length > 0 ? names.sort() : ["."]);
  await uploadFile(session, archive, parseS3Uri(uri), kmsKeyId);
  await rm(archive);
}

/** Uploads all files below `folder` under the prefix of `uri`. */
export async function uploadFolder(
  session: RoleSession,
  folder: string,
  uri: string,
  kmsKeyId?: string,
): Promise<void> {
  if (!existsSync(folder)) return;
  const { bucket, key } = parseS3Uri(uri);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  await inParallel(files, (file) => {
    const below = relative(folder, file).split(sep).join("/");
    return uploadFile(session, file, { bucket, key: posix.join(key, below) }, kmsKeyId);
  });
}

/** Uploads one file. */
export async function uploadFile(
  session: RoleSession,
  file: string,
  location: S3Location,
  kmsKeyId?: string,
): Promise<void> {
  const { size } = await stat(file);
  // A buffer can be sent again after a failure, a stream cannot.
  const Body = size <= maxBufferedBytes ? await readFile(file) : createReadStream(file);
  const encryption = kmsKeyId ? { ServerSideEncryption: "aws:kms" as const, SSEKMSKeyId: kmsKeyId } : {};
  await explained(session, "s3:PutObject", location, () =>
    session.s3.send(
      new PutObjectCommand({
        ...{ Bucket: location.bucket, Key: location.key, ...encryption },
        ...{ Body, ContentLength: size },
      }),
    ),
  );
}

async function listKeys(session: RoleSession, location: S3Location, signal?: AbortSignal): Promise<string[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: location.bucket,
      Prefix: location.key,
      ContinuationToken,
    });
    const bucketOnly = { bucket: location.bucket, key: "" };
    const answer = await explained(session, "s3:ListBucket", bucketOnly, () =>
      session.s3.send(command, { abortSignal: signal }),
    );
    keys.push(...(answer.Contents ?? []).map(({ Key }) => Key ?? ""));
    ContinuationToken = answer.NextContinuationToken;
  } while (ContinuationToken);
  return keys.filter((key) => key !== "" && !key.endsWith("/")); // those are the console's folders
}

/** Where below the channel's folder an object goes: its key without the prefix' last whole folder. */
export function belowPrefix(prefix: string, key: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  return key.slice(prefix.lastIndexOf("/") + 1);
}

function localFile(folder: string, name: string): string {
  const file = join(folder, name);
  if (relative(folder, file).startsWith(".."))
    throw new TransferError(`The key "${name}" leads out of its folder.`);
  return file;
}

/** Runs an S3 call; what the user can put right becomes a TransferError in AWS's words. */
async function explained<T>(
  session: RoleSession,
  action: string,
  location: S3Location,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    const resource = location.key ? objectArn(location) : `arn:aws:s3:::${location.bucket}`;
    if (name === "AccessDenied" || $metadata?.httpStatusCode === 403) {
      // S3's own words may name another action that was missing, such as kms:Decrypt.
      throw new TransferError(
        message.includes("not authorized to perform") && message.includes("resource")
          ? message
          : session.refusal(action, resource),
      );
    }
    if (name === "NoSuchBucket") throw new TransferError(`The bucket "${location.bucket}" does not exist.`);
    if (name === "NoSuchKey" || name === "NotFound")
      throw new TransferError(`There is no object ${s3Uri(location)}.`);
    throw error;
  }
}

async function inParallel<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(parallelTransfers, items.length) }, worker));
}
