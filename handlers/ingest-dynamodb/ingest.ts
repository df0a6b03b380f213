import { pipeline, Readable } from "node:stream";
import { createGunzip, createGzip } from "node:zlib";
import { type Ingest } from "../shared/landing/entry";
import { type Identity, type IngestResult, isDone, land, type Position } from "../shared/landing/landing";
import { setAside } from "../shared/landing/set-aside";
import { Unfit } from "../shared/landing/shape";
import { readState, writeState } from "../shared/landing/state";
import { readText, type Store } from "../shared/landing/store";
import { sweep } from "../shared/landing/sweep";
import { recordSchema } from "../shared/schema";
import { type Attributes, Mapper, plainLines, type Seen } from "./items";
import { type Export, nextExport, type State, stateSchema } from "./plan";

export interface Settings {
  tableArn: string;
  attributes: Attributes;
  /** Days for which the table can be exported as it was. */
  rememberedDays: number;
}

/** How an export stands. */
export interface Exported {
  status: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  failure?: string;
  /** Of a whole table: the moment that it shows. ISO 8601. */
  exportTime?: string;
  /** Key of manifest-summary.json. */
  manifest?: string;
}

/** DynamoDB's exports. */
export interface Exports {
  /** Asks for it; asking again for the same token is the same export. @returns its ARN. */
  start(wanted: Export): Promise<string>;
  describe(arn: string): Promise<Exported>;
}

interface DataFile {
  itemCount: number;
  dataFileS3Key: string;
}

/** What is left for the next run when less time is left in this one. */
const reserveMs = 60_000;

/** One run: lands an export that is complete, and asks for the next one when it is time. */
export async function run(
  ingest: Ingest<Settings>,
  exports: Exports,
  now = () => new Date(),
): Promise<IngestResult> {
  const { source, store } = ingest;
  const result: IngestResult = { source, landed: [], setAside: [] };
  const state = await readState(store, source, stateSchema, { failures: 0 });
  const { until, pending } = state;
  if (!pending) {
    await sweep(store, source); // what a run that was killed has left
    return { ...result, waiting: await begin(ingest, exports, state, now()) };
  }

  const arn = pending.arn ?? (await exports.start(pending));
  const found = await exports.describe(arn);
  if (found.status === "IN_PROGRESS")
    return { ...result, waiting: `DynamoDB is still writing the export ${arn}` };
  if (found.status === "FAILED") {
    await writeState(store, source, { until, failures: state.failures + 1 });
    throw new Error(`The export ${arn} failed: ${found.failure}. The next run asks for it again.`);
  }
  const waiting = await landExport(ingest, arn, found, pending, result);
  if (waiting !== undefined) return { ...result, waiting };
  const landed: State = { until: pending.to ?? found.exportTime ?? until, failures: 0 };
  await writeState(store, source, landed);
  await sweep(store, source);
  return { ...result, waiting: await begin(ingest, exports, landed, now()) };
}

/** Asks for the next export, when it is time; undefined when it is not. The intent is written down first, so that a retry is the same export. */
async function begin(
  { source, store, settings, log }: Ingest<Settings>,
  exports: Exports,
  state: State,
  now: Date,
): Promise<string | undefined> {
  const next = nextExport(state, now, settings.rememberedDays);
  if ("after" in next) {
    log.info("no export is due", { changesSince: state.until, after: next.after.toISOString() });
    return undefined;
  }
  await writeState(store, source, { ...state, pending: next });
  const arn = await exports.start(next);
  await writeState(store, source, { ...state, pending: { ...next, arn } });
  return `DynamoDB writes the export ${arn}`;
}

/** Lands the files of a complete export, as far as there is time. @returns what is left. */
async function landExport(
  ingest: Ingest<Settings>,
  arn: string,
  found: Exported,
  { from, to }: Export,
  result: IngestResult,
): Promise<string | undefined> {
  const { store, log } = ingest;
  const files = await dataFiles(store, found.manifest ?? "");
  const moment = to ?? found.exportTime ?? "";
  const id = arn.split("/").at(-1) ?? "";
  const seen: Seen = { items: 0, deletions: 0 };
  for (const [index, file] of files.entries()) {
    if (ingest.remaining() < reserveMs)
      return `${files.length - index} of ${files.length} files of the export ${arn}`;
    const identity = identityOf(ingest, id, file, moment.slice(0, 10), { from, to: moment });
    await landFile(ingest, identity, file, seen, result);
  }
  if (seen.deletions > 0) log.info("deleted items are not taken back", { deletions: seen.deletions });
  return undefined;
}

function identityOf(
  { source, bucket }: Ingest<Settings>,
  id: string,
  { dataFileS3Key: key }: DataFile,
  date: string,
  position: Position,
): Identity {
  const file = key
    .split("/")
    .at(-1)
    ?.replace(/\.json\.gz$/, "");
  const origin = `s3://${bucket}/${key}`;
  return { source, name: `${id}-${file}`, date, format: "jsonl", gzip: true, origin, position };
}

/** The files of an export that hold something; an empty partition has a file as well. */
async function dataFiles(store: Store, summaryKey: string): Promise<DataFile[]> {
  const summary = await readText(store, summaryKey);
  const { manifestFilesS3Key } = JSON.parse(summary ?? "{}") as { manifestFilesS3Key?: string };
  const list = manifestFilesS3Key && (await readText(store, manifestFilesS3Key));
  if (list === undefined || list === "") throw new Error(`The export's manifest ${summaryKey} is not there.`);
  const files = list
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as DataFile);
  return files.filter(({ itemCount }) => itemCount > 0);
}

async function landFile(
  { settings, store }: Ingest<Settings>,
  identity: Identity,
  { dataFileS3Key: key, itemCount }: DataFile,
  seen: Seen,
  result: IngestResult,
): Promise<void> {
  if (await isDone(store, identity)) return;
  const read = async () => {
    const body = await store.read(key);
    if (!body)
      throw new Error(`${identity.origin} is not there: put it back, or an export of its time is lost.`);
    return body;
  };
  const here: Seen = { items: 0, deletions: 0 };
  const mapper = new Mapper(recordSchema, settings.attributes);
  try {
    const body = await plainBody(await read(), mapper, here, () => requireAll(identity, here, itemCount));
    const outcome = body ? await land(store, { ...identity, format: "jsonl", body }) : "already";
    if (outcome !== "already" && "rows" in outcome) result.landed.push(outcome);
    else if (outcome !== "already") result.setAside.push(outcome);
    seen.deletions += here.deletions;
  } catch (error) {
    const fault = faultOf(error as Error);
    if (!fault) throw error;
    result.setAside.push(await setAside(store, identity, fault, await read()));
  }
}

/** Nothing may be lost between DynamoDB and here. */
function requireAll({ origin }: Identity, { items, deletions }: Seen, expected: number): void {
  if (items + deletions === expected) return;
  throw new Error(`${origin} has ${items + deletions} items where the export's manifest says ${expected}.`);
}

/** What is wrong with the file itself, and so would be again. */
function faultOf(error: Error & { code?: string }): Unfit | undefined {
  if (error instanceof Unfit) return error;
  return error.code?.startsWith("Z_") ? new Unfit(`is no whole gzip file: ${error.message}`) : undefined;
}

/** The file's items as gzipped JSON Lines, which end with `check`; undefined when there is none but deleted ones. */
async function plainBody(
  file: Readable,
  mapper: Mapper,
  seen: Seen,
  check: () => void,
): Promise<Readable | undefined> {
  const unzipped = pipeline(file, createGunzip(), () => undefined) as unknown as AsyncIterable<Buffer>;
  const lines = plainLines(unzipped, mapper, seen);
  const first = await lines.next();
  if (first.done) {
    check();
    return undefined;
  }
  async function* all() {
    yield first.value as string;
    yield* lines;
    check();
  }
  return pipeline(Readable.from(all()), createGzip(), () => undefined);
}
