import { setTimeout as sleep } from "node:timers/promises";
import { type EventOf } from "../shared/events";
import {
  type IngestResult,
  type Landed,
  type Landing,
  nameOf,
  type SetAside,
} from "../shared/landing/landing";
import { type RecordSchema } from "../shared/schema";
import { chooseColumns, type Encoded } from "./columns";
import { type Column, type Connection, type Credentials, type Row, type Session } from "./database";
import { faultKind, SourceFault, worded } from "./faults";
import { jsonLines } from "./lines";
import { lastOf, originOf, relation, rowsOf, type SqlSource, withoutWatermark } from "./source";
import { Memory, type Plan, type StateStore } from "./state";

/** What a run needs of the world. */
export interface Ports {
  schema: RecordSchema;
  store: StateStore;
  credentials(): Promise<Credentials>;
  connect(connection: Connection, credentials: Credentials): Promise<Session>;
  land(landing: Landing): Promise<Landed | SetAside | "already">;
  announce(event: EventOf<"data.rejected">): Promise<void>;
  stack: string;
  now(): Date;
  /** When this run is ended by force. */
  deadline: Date;
  run: string;
}

/** A chunk is begun only while there is this much time, or twice what the last one took. */
const leastMs = 60_000;
/** A rotation changes the password shortly before or after it changes the secret. */
const rotationMs = 2000;

/**
 * Lands the rows that are new since the last run, chunk by chunk. Each chunk is decided on and written down before it
 * is read, and the watermark moves after it has landed: a run that is killed in between is repeated under the same name.
 * @throws SourceFault in one paragraph for people.
 */
export async function ingest(source: SqlSource, ports: Ports): Promise<IngestResult> {
  const memory = await Memory.take(ports.store, { run: ports.run, until: ports.deadline }, ports.now());
  if ("busyUntil" in memory) {
    return {
      ...nothing(source),
      waiting: `another run of ${source.source} is at work until ${memory.busyUntil}`,
    };
  }
  let session: Session | undefined;
  try {
    session = await open(source, ports);
    return await new Run(source, ports, memory, session).all();
  } catch (error) {
    const fault = worded(error, source);
    if (faultKind(error) === "columns") await announce(fault.message, source, ports, memory);
    throw fault;
  } finally {
    await session?.close().catch(() => undefined);
    await memory.release().catch(() => undefined); // else it runs out by itself
  }
}

const nothing = ({ source }: SqlSource): IngestResult => ({ source, landed: [], setAside: [] });

/** Connects; with a password that is refused once more, as the secret may have been rotated since it was read. */
async function open({ connection }: SqlSource, ports: Ports): Promise<Session> {
  try {
    return await ports.connect(connection, await ports.credentials());
  } catch (error) {
    if (faultKind(error) !== "password") throw error;
    await sleep(rotationMs);
    return ports.connect(connection, await ports.credentials());
  }
}

/** Tells the subscribers, once, that the columns have changed. */
async function announce(reason: string, { source }: SqlSource, ports: Ports, memory: Memory): Promise<void> {
  if (memory.state.announced === reason) return;
  const time = ports.now().toISOString();
  const detail = { reason, rejected: 0, read: 0, source };
  const event = { kind: "data.rejected", severity: "error", time, id: `${source}/${time}`, detail } as const;
  await ports.announce({ ...event, stack: ports.stack });
  await memory.keep({ announced: reason });
}

/** One run, with all that its steps share. */
class Run {
  /** What is read, as SQL. */
  private readonly from: string;
  private readonly wholeMs: number;

  constructor(
    private readonly source: SqlSource,
    private readonly ports: Ports,
    private readonly memory: Memory,
    private readonly session: Session,
  ) {
    this.from = relation(session.dialect, source.wanted);
    this.wholeMs = ports.deadline.getTime() - ports.now().getTime();
  }

  async all(): Promise<IngestResult> {
    const { memory, ports, source } = this;
    const result = nothing(source);
    const { watermark, columns } = await this.look();
    const upper = await this.upperBound(watermark);
    let tookMs = 0;
    for (;;) {
      const plan = memory.state.plan ?? (await this.plan(watermark, upper));
      if (!plan) break;
      const begun = ports.now().getTime();
      if (ports.deadline.getTime() - begun < Math.min(Math.max(leastMs, 2 * tookMs), this.wholeMs / 2)) {
        return { ...result, waiting: `more rows of ${source.source} wait for the next run` };
      }
      const landed = await this.landChunk(plan, watermark, columns);
      if (typeof landed === "object") {
        if ("reason" in landed) result.setAside.push(landed);
        else result.landed.push(landed);
      }
      await memory.keep({
        watermark: { column: watermark.name, value: plan.to },
        plan: undefined,
        columns: columns.map(({ name }) => name),
        announced: undefined,
      });
      tookMs = ports.now().getTime() - begun;
    }
    await this.requireWatermarks(watermark);
    return result;
  }

  /** The watermark's column and those that are read. @throws SourceFault when they are not as they should be. */
  private async look(): Promise<{ watermark: Column; columns: Encoded[] }> {
    const { source, memory } = this;
    const there = await this.session.describe(this.from);
    const watermark = there.find(({ name }) => name === source.watermark);
    if (!watermark || !["number", "time", "date"].includes(watermark.kind)) {
      const problem = watermark
        ? `is ${watermark.type}`
        : `is not there; it has ${there.map(({ name }) => name).join(", ")}`;
      throw new SourceFault(
        "columns",
        `the watermark column ${source.watermark} ${problem}`,
        "Name a column of numbers, dates or times that grows from row to row as the source's watermark",
      );
    }
    const last = memory.state.watermark?.column;
    if (last !== undefined && last !== watermark.name) {
      throw new SourceFault(
        "columns",
        `its watermark was the column ${last} up to now and is ${watermark.name} in the configuration`,
        `Put ${last} back, or give the source another name, under which it begins anew`,
      );
    }
    const { columns, faults } = chooseColumns(there, this.ports.schema, {
      isQuery: "query" in source.wanted,
      watermark: watermark.name,
      before: memory.state.columns,
    });
    if (faults.length === 0) return { watermark, columns };
    throw new SourceFault(
      "columns",
      faults.join("; "),
      "Nothing has landed. Give the source a query that names and casts its columns as schema.json declares them " +
        "(SELECT price::numeric AS fare, NULL::text AS payment, ...), or change schema.json; the next run goes on where the last one ended",
    );
  }

  /**
   * Up to where rows are complete. A transaction writes its watermark before it ends, so that a row may come up behind
   * one that was read already: times are read up to the database's own clock less the overlap; of numbers the
   * largest is taken and the overlap waited for.
   */
  private async upperBound(watermark: Column): Promise<string | undefined> {
    const { session, source } = this;
    const { dialect } = session;
    if (watermark.kind === "number") {
      const from = this.memory.state.watermark?.value;
      const largest = await session.value(lastOf(dialect, { from: this.from, watermark, range: { from } }));
      if (largest !== null) await sleep(source.overlapSeconds * 1000);
      return largest ?? undefined;
    }
    const wholeDay = watermark.kind === "date" ? 86_400 : 0; // more rows of today may come
    const clock = dialect.clock(source.overlapSeconds + wholeDay, watermark);
    return (await session.value(`SELECT ${dialect.text(clock)}`)) ?? undefined;
  }

  /** Decides on the next chunk and writes it down; undefined when there is nothing new. */
  private async plan(watermark: Column, upper: string | undefined): Promise<Plan | undefined> {
    if (upper === undefined) return undefined;
    const { memory, session, source, ports } = this;
    const from = memory.state.watermark?.value;
    const range = { from, to: upper };
    const to = await session.value(
      lastOf(session.dialect, { from: this.from, watermark, range, limit: source.rowsPerObject }),
    );
    if (to === null) return undefined;
    const plan: Plan = {
      ...(from === undefined ? {} : { from }),
      to,
      date: ports.now().toISOString().slice(0, 10),
    };
    await memory.keep({ plan });
    return plan;
  }

  /** @returns `nothing` when the chunk's rows have been deleted, or changed and so moved on, since it was decided on. */
  private async landChunk(plan: Plan, watermark: Column, columns: Encoded[]) {
    const { session, from } = this;
    const names = columns.map(({ name }) => name);
    const rows = session.rows(rowsOf(session.dialect, { from, watermark, range: plan, columns: names }));
    const batches = rows[Symbol.asyncIterator]();
    try {
      const first = await batches.next();
      return first.done ? "nothing" : await this.land(plan, startingWith(first.value, batches), columns);
    } finally {
      await batches.return?.(); // a body that nobody read ends here
    }
  }

  private land(plan: Plan, batches: AsyncIterable<Row[]>, columns: Encoded[]) {
    const { source, ports } = this;
    const origin = originOf(source);
    const what = "table" in source.wanted ? source.wanted.table : "query";
    return ports.land({
      source: source.source,
      name: nameOf(`${what} to ${plan.to}`, origin, source.watermark, plan.from ?? "", plan.to),
      date: plan.date,
      format: "jsonl",
      gzip: true,
      body: jsonLines(batches, columns),
      origin,
      position: { from: plan.from, to: plan.to },
    });
  }

  /** @throws SourceFault when there are rows that no run will ever read. All others have landed by then. */
  private async requireWatermarks(watermark: Column): Promise<void> {
    const { session, source } = this;
    const count = Number(await session.value(withoutWatermark(session.dialect, this.from, watermark)));
    if (count === 0) return;
    throw new SourceFault(
      "rows",
      `${count} rows have no ${watermark.name} (it is NULL), so that no run will read them; all others have landed`,
      `Give them one, or leave them out with a query (WHERE ${source.watermark} IS NOT NULL)`,
    );
  }
}

async function* startingWith(first: Row[], rest: AsyncIterator<Row[]>): AsyncGenerator<Row[]> {
  yield first;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
