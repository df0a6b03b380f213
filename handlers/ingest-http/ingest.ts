import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import * as v from "valibot";
import { type Log } from "../shared/log";
import { type Format, type Identity, nameOf } from "../shared/landing/identity";
import { type IngestResult, land, type Landed, type SetAside } from "../shared/landing/landing";
import { schemaDigest, setAside } from "../shared/landing/set-aside";
import { Unfit } from "../shared/landing/shape";
import { readState, writeState } from "../shared/landing/state";
import { type Store } from "../shared/landing/store";
import { type Download, download, type Validators } from "./download";
import { type Patience, shown } from "./request";

export const settingsSchema = v.object({
  url: v.pipe(v.string(), v.url()),
  maxMegabytes: v.number(),
  format: v.optional(v.picklist(["csv", "jsonl", "parquet"])),
});

/** What is known of the document that was loaded last. */
const stateSchema = v.object({
  etag: v.optional(v.string()),
  lastModified: v.optional(v.string()),
  /** Of its bytes, where the server says nothing by which to know it. */
  sha256: v.optional(v.string()),
  /** Why it was set aside, and under which schema. */
  reason: v.optional(v.string()),
  schema: v.optional(v.string()),
});

type State = v.InferOutput<typeof stateSchema>;

export interface HttpRun {
  source: string;
  settings: v.InferOutput<typeof settingsSchema>;
  store: Store;
  log: Log;
  patience: Patience;
}

/** Loads the document when it has changed since the last run, and lands it. */
export async function ingest(run: HttpRun): Promise<IngestResult> {
  const { source, store, log } = run;
  const result: IngestResult = { source, landed: [], setAside: [] };
  const state = await readState(store, source, stateSchema, {});
  // what was set aside under another schema is asked for whole once more
  const last = state.reason === undefined || state.schema === schemaDigest() ? state : {};
  const loaded = await load(run, last);
  if (!loaded) {
    log.info("the document has not changed");
    return result;
  }
  const { outcome, version } = loaded;
  if (outcome !== "already" && "reason" in outcome) result.setAside.push(outcome);
  else if (outcome !== "already") result.landed.push(outcome);
  const reason = result.setAside[0]?.reason ?? (outcome === "already" ? state.reason : undefined);
  await writeState(store, source, { ...version, ...(reason ? { reason, schema: schemaDigest() } : {}) });
  return result;
}

type Version = Pick<State, "etag" | "lastModified" | "sha256">;
interface Loaded {
  outcome: Landed | SetAside | "already";
  version: Version;
}

/** Undefined when the document is the same as last time. */
async function load(run: HttpRun, last: State): Promise<Loaded | undefined> {
  const { settings, patience } = run;
  const url = new URL(settings.url);
  const maxBytes = settings.maxMegabytes * 1e6;
  const store = tellingOnce(run.store, last.reason);
  const known: { version: Version; identity: Identity } = {
    version: {},
    identity: identify(run, url, {}, `more than ${settings.maxMegabytes} MB`),
  };
  try {
    const answer = await download(url, last, maxBytes, patience);
    if (!answer) return undefined;
    const staged = await stage({ ...run, store }, answer);
    if (staged.sha256 !== undefined && staged.sha256 === last.sha256) return undefined;
    const version = { ...answer.validators, ...(staged.sha256 ? { sha256: staged.sha256 } : {}) };
    known.version = version;
    known.identity = identify(run, url, answer.validators, staged.sha256);
    const { format, gzip } = kindOf(url, settings.format, answer);
    const outcome = await land(store, { ...known.identity, format, gzip, body: staged.body });
    return { outcome, version };
  } catch (error) {
    if (!(error instanceof Unfit)) throw inWords(error, run, url);
    return { outcome: await setAside(store, known.identity, error), version: known.version };
  }
}

/**
 * A document of which the server says neither ETag nor Last-Modified is known by its bytes alone: it is kept until all of
 * them are there, and landed then, if they are others than last time.
 */
async function stage(
  { store, source }: Pick<HttpRun, "store" | "source">,
  { validators, body }: Download,
): Promise<{ body: Readable; sha256?: string }> {
  if (validators.etag !== undefined || validators.lastModified !== undefined) return { body };
  const key = `sources/${source}/download`;
  const hash = createHash("sha256");
  const hashed = async function* () {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await store.write(key, Readable.from(hashed(), { objectMode: false }));
  return { body: (await store.read(key))!, sha256: hash.digest("hex") };
}

function identify(
  { source }: HttpRun,
  url: URL,
  { etag, lastModified }: Validators,
  otherwise = "",
): Identity {
  const name =
    url.pathname
      .split("/")
      .at(-1)
      ?.replace(/\.(csv|jsonl?|ndjson|parquet)?(\.gz)?$/i, "") ?? "";
  const modified = new Date(lastModified ?? Date.now());
  const date = Number.isNaN(modified.getTime()) ? new Date() : modified;
  return {
    source,
    name: nameOf(name, url.href, etag ?? lastModified ?? otherwise),
    date: date.toISOString().slice(0, 10),
    ...{ format: "csv", gzip: false, origin: shown(url) },
  };
}

/** What the document is: as the configuration says, else as its name says, else as the server says. */
function kindOf(url: URL, configured: Format | undefined, { contentType, contentEncoding }: Download) {
  const says = (pattern: RegExp) => pattern.test(url.pathname) || pattern.test(contentType);
  const gzip = /\.gz$/i.test(url.pathname) || /gzip/i.test(contentType) || /gzip/i.test(contentEncoding);
  const named: Format = says(/\.parquet$|parquet/i)
    ? "parquet"
    : says(/\.(jsonl?|ndjson)(\.gz)?$|json/i)
      ? "jsonl"
      : "csv";
  const format = configured ?? named;
  return { format, gzip: gzip && format !== "parquet" };
}

/** The same store, which does not tell the subscribers again what they have been told of the document before this one. */
function tellingOnce(store: Store, told: string | undefined): Store {
  const announce: Store["announce"] = (event) =>
    event.detail.reason === told ? Promise.resolve() : store.announce(event);
  return Object.assign(Object.create(store) as Store, { announce });
}

function inWords(error: unknown, { source, patience }: HttpRun, url: URL): Error {
  const reason = patience.deadline.aborted
    ? `${shown(url)} was not loaded in the time that a run has`
    : (error as Error).message;
  return new Error(`The source ${source} has landed nothing: ${reason}. The next run tries it again.`, {
    cause: error,
  });
}
