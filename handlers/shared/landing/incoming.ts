import pLimit from "p-limit";
import { type Readable } from "node:stream";
import { type Log, errorFields } from "../log";
import { type Format, type AnyIdentity, nameOf } from "./identity";
import { type IngestResult, land, type Landed, manifestEnding, type SetAside } from "./landing";
import { isSetAside, setAside } from "./set-aside";
import { Unfit } from "./shape";
import { type Listed, type Store } from "./store";

/** Where files arrive: a bucket, as far as landing needs it. */
export interface Drop {
  readonly bucket: string;
  list(prefix: string): AsyncIterable<Listed>;
  /** Undefined when the object is gone. */
  find(key: string): Promise<Listed | undefined>;
  /**
   * The bytes of just this version of the object, and whether they are said to be compressed whatever its name is.
   * Undefined when the object is gone or is another one by now.
   */
  open(file: Listed): Promise<{ body: Readable; gzip: boolean } | undefined>;
}

/** A file on its way, as a transformation gets it and gives it back. */
export interface Delivery {
  body: Readable;
  format: Format;
  gzip: boolean;
}

/** Which files, and what to do with them. */
export interface Arrivals {
  prefix: string;
  /** Says of a key whether it is one of records; default: all but markers (`_SUCCESS`, `.part`). */
  select?: (key: string) => boolean;
  /** Makes rows of what AWS writes (DynamoDB's JSON, for one) before it is landed. Given, the name of a file says nothing. */
  transform?: (file: Listed, body: Readable) => Delivery;
  /** Larger files are set aside without their bytes: they could not be landed before Lambda ends the run. */
  maxBytes: number;
}

/** What landing files needs of its Lambda. */
export interface FilesRun {
  source: string;
  store: Store;
  log: Log;
  /** Milliseconds until Lambda ends the run. */
  remaining: () => number;
}

const filesAtOnce = 4;
/** Such ones are landed one at a time, after all others, so that one is not late because of another. */
const largeBytes = 256e6;
/** Landing is at least so fast: gzip, which is slowest, was measured at 17 MB of it a second on a busy laptop. */
const bytesPerMillisecond = 10_000;
const spareMilliseconds = 30_000;

/**
 * Lands every file under `prefix` that has not been landed before: once for each version of an object. What there is no
 * time for waits for the next run.
 * @throws Error when files cannot be read, after all others have landed.
 */
export async function landNew(run: FilesRun, drop: Drop, arrivals: Arrivals): Promise<IngestResult> {
  const done = await landedNames(run.store, run.source);
  const waiting: Listed[] = [];
  for await (const file of drop.list(arrivals.prefix)) {
    if (isWanted(file, arrivals) && !done.has(hashOf(drop, file))) waiting.push(file);
  }
  return landFiles(run, drop, arrivals, waiting);
}

/** Lands the one file with this key, unless it is gone or has been landed before; for events. */
export async function landOne(
  run: FilesRun,
  drop: Drop,
  arrivals: Arrivals,
  key: string,
): Promise<IngestResult> {
  const file = await drop.find(key);
  return landFiles(run, drop, arrivals, file && isWanted(file, arrivals) ? [file] : []);
}

async function landFiles(
  run: FilesRun,
  drop: Drop,
  arrivals: Arrivals,
  files: Listed[],
): Promise<IngestResult> {
  const result: IngestResult = { source: run.source, landed: [], setAside: [] };
  const failures: string[] = [];
  let started = 0;
  const one = async (file: Listed) => {
    const needed = spareMilliseconds + file.bytes / bytesPerMillisecond;
    if (started > 0 && run.remaining() < needed) return; // the first has the whole run, and must do with it
    started += 1;
    try {
      const outcome = await landFile(run, drop, arrivals, file);
      if (outcome === "already") return;
      if ("reason" in outcome) result.setAside.push(outcome);
      else result.landed.push(outcome);
    } catch (error) {
      run.log.error("a file was not landed", { key: file.key, ...errorFields(error) });
      failures.push(`s3://${drop.bucket}/${file.key} (${(error as Error).message})`);
    }
  };
  await pLimit(filesAtOnce).map(
    files.filter(({ bytes }) => bytes <= largeBytes),
    one,
  );
  for (const file of files.filter(({ bytes }) => bytes > largeBytes)) await one(file);
  if (failures.length > 0) throw new Error(failed(run.source, failures, files.length));
  const late = files.length - started;
  if (late > 0) result.waiting = `${late} of ${files.length} files, for which this run had no time left`;
  return result;
}

async function landFile(
  { store, source }: FilesRun,
  drop: Drop,
  { transform, maxBytes }: Arrivals,
  file: Listed,
): Promise<Landed | SetAside | "already"> {
  const identity = identityOf(source, drop, file);
  const kind = kindOf(file.key);
  const fault = faultOf(file, maxBytes, !transform && kind === undefined);
  if (fault) {
    if (await isSetAside(store, identity)) return "already";
    return setAside(store, identity, fault);
  }
  const opened = await drop.open(file);
  if (!opened) return "already"; // by a later version, which is listed or announced itself
  const { body, gzip } = opened;
  const delivery = transform?.(file, body) ?? { body, format: kind!.format, gzip: kind!.gzip || gzip };
  return land(store, { ...identity, ...delivery });
}

/** Why a file is not even opened. */
function faultOf(file: Listed, maxBytes: number, unknown: boolean): Unfit | undefined {
  const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);
  if (file.bytes > maxBytes) {
    return new Unfit(
      `has ${megabytes(file.bytes)} MB, more than the ${megabytes(maxBytes)} MB that the source takes: send it in parts, ` +
        "or raise its maxMegabytes (one run has 15 minutes)",
    );
  }
  if (!unknown) return undefined;
  return new Unfit(
    "is of no known kind: end its name in .csv, .jsonl, .ndjson, .json (each also with .gz) or .parquet",
  );
}

function identityOf(source: string, drop: Drop, file: Listed): AnyIdentity {
  const format = kindOf(file.key)?.format ?? "unknown";
  return {
    source,
    name: `${nameOf(fileName(file.key), drop.bucket, file.key, file.etag)}`,
    date: file.lastModified.toISOString().slice(0, 10),
    format,
    gzip: false,
    origin: `s3://${drop.bucket}/${file.key}`,
  };
}

const formats: Record<string, Format> = {
  csv: "csv",
  json: "jsonl",
  jsonl: "jsonl",
  ndjson: "jsonl",
  parquet: "parquet",
};

/** What a file is, as its name says. */
function kindOf(key: string): { format: Format; gzip: boolean } | undefined {
  const [, ending = "", gz] = /\.(\w+?)(\.gz)?$/i.exec(key) ?? [];
  const format = formats[ending.toLowerCase()];
  if (format === undefined || (format === "parquet" && gz !== undefined)) return undefined;
  return { format, gzip: gz !== undefined };
}

/** Last part of the key, without the endings that the landed object gets by itself. */
const fileName = (key: string) =>
  (key.split("/").at(-1) ?? "").replace(/\.(csv|jsonl?|ndjson|parquet)(\.gz)?$/i, "");

const isMarker = (key: string) => /^[_.]/.test(key.split("/").at(-1) ?? "");

function isWanted({ key }: Listed, { prefix, select }: Arrivals): boolean {
  if (key.endsWith("/") || !key.startsWith(prefix)) return false; // consoles make "folders" as empty objects
  return select ? select(key) : !isMarker(key);
}

/** The end of a name says all, and is short: there may be very many. */
const hashLength = 16;
const hashOf = (drop: Drop, { key, etag }: Listed) => nameOf("", drop.bucket, key, etag).slice(-hashLength);

/** Of all that the source has landed, whatever the day. */
async function landedNames(store: Store, source: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { key } of store.list(`raw/${source}/`)) {
    if (!key.endsWith(manifestEnding)) continue;
    const name = key.slice(0, -manifestEnding.length).replace(/\.(csv|jsonl|parquet)(\.gz)?$/, "");
    names.add(name.slice(-hashLength));
  }
  return names;
}

function failed(source: string, failures: string[], all: number): string {
  const shown = failures.slice(0, 3).join("; ");
  const more = failures.length > 3 ? `; and ${failures.length - 3} more, which the log names` : "";
  return (
    `The source ${source} could not land ${failures.length} of ${all} files: ${shown}${more}. ` +
    "All others have landed; the next run tries these again."
  );
}
