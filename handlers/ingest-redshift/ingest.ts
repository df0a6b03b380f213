import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { type Ingest } from "../shared/landing/entry";
import { type IngestResult } from "../shared/landing/landing";
import { readState, writeState } from "../shared/landing/state";
import { landUnloaded } from "./land";
import { boundsSql, type Reading, unloadSql, windowSql } from "./sql";
import { type Statement, type Warehouse } from "./warehouse";

export interface Settings extends Reading {
  roleArn: string;
  keyArn: string;
}

const pendingSchema = v.object({
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
});

export type State = v.InferOutput<typeof stateSchema>;
export type Pending = v.InferOutput<typeof pendingSchema>;

/** What is waited for within a run; longer work is picked up by the next one. */
export interface Patience {
  pollMs: number;
  statementMs: number;
}

const patience: Patience = { pollMs: 1000, statementMs: 120_000 };
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
  const pending = state.pending ?? (await nextWindow(ingest, warehouse, state, now(), wait));
  if (!pending) return result;
  if (typeof pending === "string") return { ...result, waiting: pending };

  const id = await unload(ingest, warehouse, state, pending);
  const statement = await ended(warehouse, id, ingest, wait);
  if (statement?.status === "running") return { ...result, waiting: `Redshift still runs the UNLOAD ${id}` };
  if (statement?.status !== "finished") {
    const next = { ...pending, attempt: pending.attempt + 1, statement: undefined };
    await writeState(store, source, { ...state, pending: next });
    throw new Error(`${failureOf(id, statement)}. The next run unloads the same rows again.`);
  }
  const waiting = await landUnloaded(ingest, prefixOf(source, pending), pending, result);
  if (waiting !== undefined) return { ...result, waiting };
  await writeState(store, source, { watermark: pending.to });
  return result;
}

/** The next window; undefined when there is nothing new, a text when Redshift takes longer than this run. */
async function nextWindow(
  ingest: Ingest<Settings>,
  warehouse: Warehouse,
  { watermark }: State,
  now: Date,
  wait: Patience,
): Promise<Pending | string | undefined> {
  const { log, settings, source } = ingest;
  const id = await warehouse.execute(boundsSql(settings), tokenOf(source, "bounds", now.toISOString()));
  const statement = await ended(warehouse, id, ingest, wait);
  if (statement?.status === "running") return `Redshift still looks for new rows (statement ${id})`;
  if (statement?.status !== "finished")
    throw new Error(`${failureOf(id, statement)}. Nothing has been read.`);
  const [to, without] = await warehouse.firstRow(id);
  if (without !== undefined && without !== "0")
    log.warn("rows without a watermark are never read", {
      rows: Number(without),
      watermark: settings.watermark,
    });
  if (to === undefined || to === watermark) return undefined;
  return { from: watermark, to, at: now.toISOString(), attempt: 1 };
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
  const sql = unloadSql(windowSql(settings, from, to), target);
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
  warehouse: Warehouse,
  id: string,
  ingest: Ingest<Settings>,
  { pollMs, statementMs }: Patience,
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
