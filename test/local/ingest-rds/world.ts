import { gunzipSync } from "node:zlib";
import { connectMysql } from "../../../handlers/ingest-rds/mysql";
import { type Connection, type Credentials } from "../../../handlers/ingest-rds/database";
import { ingest, type Ports } from "../../../handlers/ingest-rds/ingest";
import { connectPostgres } from "../../../handlers/ingest-rds/postgres";
import { type SqlSource } from "../../../handlers/ingest-rds/source";
import { type State, type StateStore } from "../../../handlers/ingest-rds/state";
import { land, manifestEnding } from "../../../handlers/shared/landing/landing";
import { type RecordSchema } from "../../../handlers/shared/schema";
import { MemoryStore } from "../../handlers/shared/landing/memory-store";
import { type Server } from "./servers";

const field = (type: string | string[], role = "feature") => ({ type, "x-role": role });

/** With every type that schema.json may ask for. */
export const schema: RecordSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  ...{ title: "Order", description: "One order of a shop.", type: "object", additionalProperties: false },
  required: ["at", "amount", "items"],
  properties: {
    at: field("string", "time"),
    amount: field("number", "target"),
    items: field("integer"),
    paid: field(["boolean", "null"]),
    customer: field(["string", "null"]),
    day: field(["string", "null"]),
    serial: field(["integer", "null"], "ignore"),
  },
};

/** State as S3 keeps it: of two writers of one version, one gets through. */
export class MemoryState implements StateStore {
  text: string | undefined;
  private version = 0;
  fault: (state: State) => Error | undefined = () => undefined;

  read = () =>
    Promise.resolve({ text: this.text, version: this.text === undefined ? undefined : `${this.version}` });

  write(text: string, version: string | undefined): Promise<string | undefined> {
    const error = this.fault(JSON.parse(text) as State);
    if (error) return Promise.reject(error);
    const isCurrent = version === (this.text === undefined ? undefined : `${this.version}`);
    if (!isCurrent) return Promise.resolve(undefined);
    this.text = text;
    return Promise.resolve(`${++this.version}`);
  }

  get state(): State {
    return JSON.parse(this.text ?? "{}") as State;
  }
}

/** A source on a real server, a data bucket in memory, and a clock that the test may set. */
export class World {
  readonly store = new MemoryStore();
  readonly state = new MemoryState();
  /** Milliseconds that the function's clock is ahead of this machine's. */
  ahead = 0;
  runs = 0;

  constructor(
    readonly server: Server,
    readonly options: Partial<Omit<SqlSource, "connection">> & { connection?: Partial<Connection> } = {},
  ) {}

  get source(): SqlSource {
    const { connection, ...options } = this.options;
    const { engine, port, database } = this.server;
    return {
      ...{ source: "orders", wanted: { table: "orders" }, watermark: "changed" },
      ...{ rowsPerObject: 100_000, overlapSeconds: 0, ...options },
      connection: {
        ...{ engine, host: "127.0.0.1", port, database, timeZone: "UTC", statementTimeoutSeconds: 60 },
        ...connection,
      },
    };
  }

  run(ports: Partial<Ports> = {}) {
    const now = () => new Date(Date.now() + this.ahead);
    return ingest(this.source, {
      ...{ schema, stack: "dev", now, store: this.state, run: `run-${++this.runs}` },
      deadline: new Date(now().getTime() + 900_000),
      credentials: () => Promise.resolve(this.server.credentials),
      connect: (to: Connection, credentials: Credentials) =>
        to.engine === "postgres" ? connectPostgres(to, credentials) : connectMysql(to, credentials),
      land: (landing) => land(this.store, landing, schema),
      announce: (event) => this.store.announce(event),
      ...ports,
    });
  }

  /** Landing that takes some milliseconds by the function's clock. */
  landSlowly(ms: number): Ports["land"] {
    return (landing) => {
      this.ahead += ms;
      return land(this.store, landing, schema);
    };
  }

  /** What has landed, by object: only what has a manifest counts. */
  get objects(): { key: string; lines: string[] }[] {
    return [...this.store.objects.keys()]
      .filter((key) => key.endsWith(".gz") && this.store.objects.has(`${key}${manifestEnding}`))
      .map((key) => ({
        key,
        lines: gunzipSync(this.store.objects.get(key)!).toString().trimEnd().split("\n"),
      }));
  }

  get lines(): string[] {
    return this.objects.flatMap(({ lines }) => lines);
  }

  /** The amounts of everything that has landed, in order. */
  get amounts(): number[] {
    const amounts = this.lines.map((line) => (JSON.parse(line) as { amount: number }).amount);
    return amounts.sort((a, b) => a - b);
  }
}
