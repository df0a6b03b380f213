import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Landed } from "../../handlers/shared/landing/landing";
import { counted } from "../../handlers/publish/figures";
import { type RecordSchema } from "../../handlers/shared/schema";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { getJson, putJson } from "../objects";
import { type Consolidated, consolidate, countRows } from "./consolidate";
import { download, type LandedObject, landedObjects, suffixOf } from "./landed";
import { type Part } from "./parts";
import { type Profile } from "../../handlers/shared/profile";
import { type RawFile } from "./raw-table";
import { type RejectionCount, type RowCounts } from "./tally";

/** The frozen input of a release: rows that fit the schema, and where they came from. */
export interface Snapshot {
  /** SHA-256 over the parts, hexadecimal: the same rows have the same hash, whichever way and whenever they came. */
  hash: string;
  /** What it was made from. */
  objects: LandedObject[];
  rows: RowCounts;
  /** Why rows were rejected, most frequent reason first. */
  reasons: RejectionCount[];
  /** Rows by object. */
  intake: Consolidated["objects"];
  parts: Part[];
}

export interface TakenSnapshot {
  snapshot: Snapshot;
  profile: Profile;
  /** Where the rejected rows are once it is taken: an object of the bucket. */
  rejected: string;
  /** False when just these objects were looked at before. */
  fresh: boolean;
}

export interface SnapshotWork {
  s3: S3Client;
  bucket: string;
  schema: RecordSchema;
  /** Name of the source whose data is wanted; none: all of them. */
  source?: string;
  /** That data, when it has been listed; none: it is listed. */
  landed?: LandedObject[];
  /** Is told what is being done. */
  now: (detail: string) => void;
}

/** Prefix of a snapshot's rows: CSV files with a header. */
export const snapshotDataPrefix = (hash: string) => `snapshots/${hash}/data/`;
const manifestKey = (hash: string) => `snapshots/${hash}/manifest.json`;
const profileKey = (hash: string) => `snapshots/${hash}/profile.json`;
/** All that a snapshot is; where the manifest is, the rest is. */
export const snapshotKeys = (hash: string) => ({
  rows: snapshotDataPrefix(hash),
  profile: profileKey(hash),
  manifest: manifestKey(hash),
});
/** What has been found in landed objects, each time in others: below it, a folder each. */
export const looksPrefix = "snapshots/of/";
/** What these very objects gave, and the rows that did not get into the snapshot with all their reasons. */
export const lookKey = (objects: string) => `${looksPrefix}${objects}/snapshot.json`;
const rejectedKey = (objects: string) => `${looksPrefix}${objects}/rejected.jsonl`;

/**
 * Freezes what has been landed as a snapshot: all rows that fit the schema, each once, in the order of their time. The same
 * objects are looked at once only, and a snapshot that is there already is not written again.
 * @throws UserError when there is no data, or an object is not what it should be.
 */
export const takeSnapshot = (work: SnapshotWork): Promise<TakenSnapshot> => look(work, freeze);

/** The snapshot that would be taken now; changes nothing. @throws UserError as `takeSnapshot`. */
export const lookAtData = (work: SnapshotWork): Promise<TakenSnapshot> => look(work);

/** The snapshot that would be taken now, when just these objects were looked at before; else undefined. */
export async function knownSnapshot(work: SnapshotWork): Promise<Snapshot | undefined> {
  const origin = digestOf(await listed(work), work.schema);
  return getJson<Snapshot>(work.s3, work.bucket, lookKey(origin));
}

const listed = ({ s3, bucket, source, landed }: SnapshotWork) => landed ?? landedObjects(s3, bucket, source);

/**
 * What the rows of some landed objects are worth, before there is a snapshot of them.
 * @throws UserError that names an object from which not as many rows can be read as have landed.
 */
export async function checkRows(
  work: SnapshotWork,
  landed: Pick<Landed, "object" | "rows">[],
): Promise<{ read: number; rejected: number; reasons: RejectionCount[] }> {
  if (landed.length === 0) return { read: 0, rejected: 0, reasons: [] };
  const wanted = new Map(landed.map(({ object, rows }) => [object, rows]));
  const found = await landedObjects(work.s3, work.bucket, work.source, (key) => wanted.has(key));
  const { objects, reasons, unread } = await inFolder(async (folder) =>
    countRows(await fetch(work, found, folder), work.schema, folder),
  );
  // A line that is no row may be cut otherwise where it is landed; it is counted as rejected here.
  const whole = Object.entries(objects).filter(([key]) => !unread.includes(key));
  for (const [key, { read }] of whole)
    if (read !== wanted.get(key)) throw miscounted(key, wanted.get(key)!, read);
  const sum = (of: "read" | "rejected") =>
    Object.values(objects).reduce((all, counts) => all + counts[of], 0);
  return { read: sum("read"), rejected: sum("rejected"), reasons };
}

const miscounted = (key: string, landed: number, read: number) =>
  new UserError(
    `${key} has ${counted(landed, "row")} as its manifest says, but ${counted(read, "row")} can be read from it. It may have been ` +
      "replaced since it landed: delete it and its manifest, so that the source lands it anew.",
  );

/** The snapshot of this hash, or undefined. */
export const readSnapshot = (s3: S3Client, bucket: string, hash: string) =>
  getJson<Snapshot>(s3, bucket, manifestKey(hash));

/** What is in the columns of the snapshot of this hash, or undefined. */
export const readProfile = (s3: S3Client, bucket: string, hash: string) =>
  getJson<Profile>(s3, bucket, profileKey(hash));

type Freeze = (work: SnapshotWork, taken: TakenSnapshot, files: Consolidated) => Promise<void>;

async function look(work: SnapshotWork, keep?: Freeze): Promise<TakenSnapshot> {
  const { s3, bucket, schema, now } = work;
  now("listing what has been landed");
  const objects = await listed(work);
  const origin = digestOf(objects, schema);
  const rejected = rejectedKey(origin);
  const known = await getJson<Snapshot>(s3, bucket, lookKey(origin));
  const profile = known && (await readProfile(s3, bucket, known.hash));
  if (known && profile) return { snapshot: known, profile, rejected, fresh: false };
  return inFolder(async (folder) => {
    const raw = await fetch(work, objects, folder);
    now("checking and ordering the rows");
    const files = await consolidate(raw, schema, folder);
    const { rows, reasons, objects: intake, parts } = files;
    const snapshot = { hash: hashOf(parts), objects, rows, reasons, intake, parts };
    const taken = { snapshot, profile: files.profile, rejected, fresh: true };
    await keep?.(work, taken, files);
    return taken;
  });
}

/** Does work in a folder of its own, which is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-snapshot-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The objects as files of this machine. */
async function fetch(
  { s3, bucket, now }: SnapshotWork,
  objects: LandedObject[],
  folder: string,
): Promise<RawFile[]> {
  const raw = join(folder, "raw");
  await mkdir(raw);
  const paths = new Map(
    objects.map(({ key }, i) => [key, join(raw, `${i}${suffixOf(key)!.replace(".gz", "")}`)]),
  );
  const fileOf = ({ key }: LandedObject) => paths.get(key)!;
  await download(s3, bucket, objects, fileOf, (done) => now(`fetched ${done} of ${objects.length} objects`));
  return objects.map((object) => ({ path: fileOf(object), key: object.key }));
}

/** Writes the snapshot down. The manifest comes last: where it is, the snapshot is whole. */
async function freeze(
  work: SnapshotWork,
  { snapshot, profile }: TakenSnapshot,
  files: Consolidated,
): Promise<void> {
  const { s3, bucket, schema, now } = work;
  const { hash, parts, objects } = snapshot;
  if (!(await readSnapshot(s3, bucket, hash))) {
    for (const [index, { name, sha256 }] of parts.entries()) {
      throwIfInterrupted();
      now(`writing part ${index + 1} of ${parts.length}`);
      const Body = await readFile(join(files.partsFolder, name)); // whole, so that it can be sent again
      const ChecksumSHA256 = Buffer.from(sha256, "hex").toString("base64");
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: snapshotDataPrefix(hash) + name, Body, ChecksumSHA256 }),
      );
    }
    await putJson(s3, bucket, profileKey(hash), profile);
    await putJson(s3, bucket, manifestKey(hash), snapshot);
  }
  const origin = digestOf(objects, schema);
  const Body = createReadStream(files.rejectedFile);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: rejectedKey(origin), Body }));
  await putJson(s3, bucket, lookKey(origin), snapshot);
}

/** Of objects, wherever their versions, and of the schema that says which of their rows are good. */
const digestOf = (objects: LandedObject[], schema: RecordSchema) =>
  hash([JSON.stringify(schema), ...objects.map(({ key, sha256, size }) => `${key}\t${sha256}\t${size}\n`)]);

const hashOf = (parts: Part[]) =>
  hash(parts.map(({ name, sha256, size }) => `${name}\t${sha256}\t${size}\n`));

const hash = (texts: string[]) => createHash("sha256").update(texts.join("")).digest("hex");
