/** What a value is to schema.json, whatever the database calls its type. */
export type Kind = "number" | "boolean" | "time" | "date" | "text" | "null";

export interface Column {
  name: string;
  kind: Kind;
  /** The database's own word for the type. */
  type: string;
}

/** A row's values as the database writes them: text, so that no digit is lost on the way. */
export type Row = (string | null)[];

/** One connection, in a read-only session. */
export interface Session {
  dialect: Dialect;
  /** The columns that a query would give. */
  describe(sql: string): Promise<Column[]>;
  /** The single value that a query gives. */
  value(sql: string): Promise<string | null>;
  /** The rows of a query in batches, of which no more than a few are in memory at a time. */
  rows(sql: string): AsyncIterable<Row[]>;
  close(): Promise<void>;
}

/** How SQL is written for one kind of database. */
export interface Dialect {
  /** A name that may have a schema before it (`shop.trips`). */
  table(name: string): string;
  column(name: string): string;
  /** A watermark of this column's type, as it stands in a condition. @throws Error for a text that is none. */
  literal(watermark: string, column: Column): string;
  /** An expression as the text that `literal` takes. */
  text(expression: string): string;
  /** The database's clock less some seconds, as a value of this column's type: `time` or `date`. */
  clock(secondsAgo: number, column: Column): string;
}

export interface Credentials {
  username: string;
  password: string;
}

/** Where the database is and how long it may take. */
export interface Connection {
  engine: Engine;
  host: string;
  port: number;
  database: string;
  /** Name of the time zone in which times without a zone are meant and times with one are written. */
  timeZone: string;
  statementTimeoutSeconds: number;
}

export type Engine = "postgres" | "mysql";

export const connectTimeoutMs = 10_000;
/** Rows that are fetched together. */
export const batchRows = 1000;

const forms: Partial<Record<Kind, RegExp>> = {
  number: /^-?\d+(\.\d+)?$/,
  time: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?([+-]\d\d(:\d\d)*)?$/,
  date: /^\d{4}-\d\d-\d\d$/,
};

/** `watermark`, when it has the form of its column's kind: it goes into a condition as it is. */
export function checkedWatermark(watermark: string, { name, kind }: Column): string {
  if (forms[kind]?.test(watermark)) return watermark;
  throw new Error(`'${watermark}' of the watermark column ${name} is no ${kind} that can be compared`);
}
