import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { type Ingest } from "../shared/landing/entry";
import { type IngestResult, nameOf } from "../shared/landing/landing";
import { setAside } from "../shared/landing/set-aside";
import { checkColumns, Unfit } from "../shared/landing/shape";
import { readState, writeState } from "../shared/landing/state";
import { sweep } from "../shared/landing/sweep";
import { recordSchema } from "../shared/schema";
import { landUnloaded } from "./land";
import { boundsSql, columnsSql, type Reading, unloadSql, windowSql } from "./sql";
import { type Statement, type Warehouse } from "./warehouse";

export interface Settings extends Reading {
  roleArn: string;
  keyArn: string;
}

const pendingSchema = v.object({
  columns: v.array(v.string()),
  /** Watermarks: after `from`, to `to` inclusive. */
  from: v.optional(v.string()),
  to: v.string(),
  /** When the window was begun: day of the folder that its rows land in. ISO 8601. */
  at: v.pipe(v.string(), v.isoTimestamp()),
  /** Each has a prefix of its own: UNLOAD refuses one that holds something. */
  attempt: v.number(),
  statement: v.optional(v.string()),
});

/** `sources/<source>/state.json` */
export const stateSchema = v.object({
  /** All rows up to then have landed. */
  watermark: v.optional(v.string()),
  /** The window that is being unloaded. */
  pending: v.optional(pendingSchema),
  /** Which columns were refused, and announced, the last time. */
  refused: v.optional(v.string()),
});

export type State = v.InferOutput<typeof stateSchema>;
export type Pending = v.InferOutput<typeof pendingSchema>;

/** What is waited for within a run; longer work is picked up by the next one. */
export interface Patience {
  pollMs: number;
  statementMs: number;
}

const patience: Patience = { pollMs: 500, statementMs: 120_000 };
/** What is left for landing and for saying where the run is. */
const reserveMs = 60_000;

/**
 * One run: finishes the window that is under way, or begins one, from the last watermark to the highest that there is
 * now; and lands what UNLOAD has written. The watermark moves on when all of it has landed.
 */
export async function run(
  ingest: Ingest<Settings>,
  warehouse: Warehouse,
  now = () => new Date(),
  wait = patience,
): Promise<IngestResult> {
  const { source, store } = ingest;
  const result: IngestResult = { source, landed: [], setAside: [] };
  const state = await readState(store, source, stateSchema, {});
  const next = state.pending ?? (await nextWindow({ ingest, warehouse, wait }, state, now(), result));
  if (typeof next === "string") return { ...result, waiting: next };
  if (next === undefined) {
    await sweep(store, source); // what a run that was killed has left
    return result;
  }

  const id = await unload(ingest, warehouse, state, next);
  const statement = await ended({ ingest, warehouse, wait }, id);
  if (statement?.status === "running") return { ...result, waiting: `Redshift still runs the UNLOAD ${id}` };
  if (statement?.status !== "finished") {
    const again = { ...next, attempt: next.attempt + 1, statement: undefined };
    await writeState(store, source, { ...state, pending: again });
    throw new Error(`${failureOf(id, statement)}. The next run unloads the same rows again.`);
  }
  const waiting = await landUnloaded(ingest, prefixOf(source, next), next, result);
  if (waiting !== undefined) return { ...result, waiting };
  await writeState(store, source, { watermark: next.to });
  await sweep(store, source);
  return result;
}

/** What it takes to ask Redshift. */
interface Asking {
  ingest: Ingest<Settings>;
  warehouse: Warehouse;
  wait: Patience;
}

/** The next window; undefined when there is none, a text when Redshift takes longer than this run. */
async function nextWindow(
  asking: Asking,
  state: State,
  now: Date,
  result: IngestResult,
): Promise<Pending | string | undefined> {
  const { log, settings } = asking.ingest;
  const shape = await ask(asking, "columns", columnsSql(settings), now);
  if (typeof shape === "string") return shape;
  const columns = fieldsOf(shape.columns, settings.watermark);
  const fault = faultOf(columns);
  if (fault) return refuse(asking.ingest, state, fault, columns, now, result);
  const bounds = await ask(asking, "bounds", boundsSql(settings), now);
  if (typeof bounds === "string") return bounds;
  const [to, without] = bounds.first;
  if (without !== undefined && without !== "0")
    log.warn("rows without a watermark are never read", {
      rows: Number(without),
      watermark: settings.watermark,
    });
  if (to === undefined || to === state.watermark) return undefined;
  return { columns, from: state.watermark, to, at: now.toISOString(), attempt: 1 };
}

/** The columns that are landed: a watermark that is no field of schema.json only says what is new. */
function fieldsOf(columns: string[], watermark: string): string[] {
  const isField = (column: string) => Object.hasOwn(recordSchema.properties, column);
  return columns.filter((column) => isField(column) || column.toLowerCase() !== watermark.toLowerCase());
}

/** The result of a short query; a text when Redshift takes longer than this run. */
async function ask(asking: Asking, what: string, sql: string, now: Date) {
  const { ingest, warehouse } = asking;
  const id = await warehouse.execute(sql, tokenOf(ingest.source, what, sql, now.toISOString()));
  const statement = await ended(asking, id);
  if (statement?.status === "running") return `Redshift still looks for ${what} (statement ${id})`;
  if (statement?.status !== "finished")
    throw new Error(`${failureOf(id, statement)}. Nothing has been read.`);
  return warehouse.result(id);
}

function faultOf(columns: string[]): Unfit | undefined {
  try {
    checkColumns(columns, recordSchema);
    return undefined;
  } catch (error) {
    if (error instanceof Unfit) return error;
    throw error;
  }
}

/** Announces, once, that the query's columns do not fit; the watermark stays until they do, so that nothing is lost. */
async function refuse(
  { settings, source, store }: Ingest<Settings>,
  state: State,
  fault: Unfit,
  columns: string[],
  now: Date,
  result: IngestResult,
): Promise<string> {
  const origin = `the query of the source ${source}`;
  const refused = nameOf("columns", settings.query, ...columns, JSON.stringify(recordSchema));
  if (state.refused !== refused) {
    const date = now.toISOString().slice(0, 10);
    const identity = { source, name: refused, date, format: "parquet" as const, gzip: false, origin };
    result.setAside.push(await setAside(store, identity, fault));
    await writeState(store, source, { ...state, refused });
  }
  return `${origin} ${fault.message}`;
}

/** Begins the UNLOAD, or finds it begun: the window is written down first, and its token is the same for a retry. */
async function unload(
  { bucket, settings, source, store }: Ingest<Settings>,
  warehouse: Warehouse,
  state: State,
  pending: Pending,
): Promise<string> {
  if (pending.statement !== undefined) return pending.statement;
  if (!state.pending) await writeState(store, source, { ...state, pending });
  const { from, to, attempt, at } = pending;
  const { roleArn, keyArn } = settings;
  const target = { to: `s3://${bucket}/${prefixOf(source, pending)}`, roleArn, keyArn };
  const sql = unloadSql(windowSql(settings, pending), target);
  const statement = await warehouse.execute(sql, tokenOf(source, "unload", at, from ?? "", to, `${attempt}`));
  await writeState(store, source, { ...state, pending: { ...pending, statement } });
  return statement;
}

/** Where the window's attempt is unloaded to; the same for the same window. */
export function prefixOf(source: string, { from, to, at, attempt }: Pending): string {
  const window = tokenOf(source, "window", from ?? "", to).slice(0, 16);
  return `incoming/${source}/${at.slice(0, 10)}/${window}-${Date.parse(at)}-${attempt}/`;
}

const tokenOf = (...parts: string[]) => createHash("sha256").update(JSON.stringify(parts)).digest("hex");

/** The statement once it has ended, or as it is when this run cannot wait any longer. */
async function ended(
  { ingest, warehouse, wait: { pollMs, statementMs } }: Asking,
  id: string,
): Promise<Statement | undefined> {
  const deadline = Date.now() + statementMs;
  for (;;) {
    const found = await warehouse.describe(id);
    if (found?.status !== "running") return found;
    if (Date.now() > deadline || ingest.remaining() < reserveMs + pollMs) return found;
    await sleep(pollMs);
  }
}

function failureOf(id: string, statement: Statement | undefined): string {
  if (!statement) return `Redshift no longer knows the statement ${id}`;
  const what = statement.status === "aborted" ? "was aborted" : "failed";
  return `The statement ${id} ${what} in Redshift: ${statement.error ?? "it does not say why"}`;
}
