import { type Column, type Connection, type Dialect } from "./database";
import { singleSelect } from "./select";

/** What is read: a table (or view), or a query. */
export type Wanted = { table: string } | { query: string };

/** What the user says of the source. */
export interface SqlSource {
  source: string;
  wanted: Wanted;
  /** A column that only grows from row to row: a time of insertion or change, or a number. */
  watermark: string;
  connection: Connection;
  /** Rows of one object, a few more where many share a watermark. */
  rowsPerObject: number;
  /** How long a transaction may take at most, from writing its watermark to its end. */
  overlapSeconds: number;
}

/** What is read, for people. */
export function originOf({ connection, wanted }: SqlSource): string {
  const { engine, host, port, database } = connection;
  return `${engine}://${host}:${port}/${database} ${"table" in wanted ? wanted.table : "(query)"}`;
}

/** `FROM` this. A query may end in a comment, hence the line of its own. @throws Error when the query is no SELECT. */
export function relation(dialect: Dialect, wanted: Wanted): string {
  if ("table" in wanted) return dialect.table(wanted.table);
  return `(${singleSelect(wanted.query)}\n) AS ${dialect.column("source")}`;
}

/** Rows with a watermark above `from`, when there is one, and up to `to`. */
export interface Range {
  from?: string;
  to?: string;
}

function condition(dialect: Dialect, watermark: Column, { from, to }: Range): string {
  const name = dialect.column(watermark.name);
  return [
    `${name} IS NOT NULL`,
    ...(from === undefined ? [] : [`${name} > ${dialect.literal(from, watermark)}`]),
    ...(to === undefined ? [] : [`${name} <= ${dialect.literal(to, watermark)}`]),
  ].join(" AND ");
}

/** The largest watermark of the first `limit` rows of a range; null when it has none. */
export function lastOf(
  dialect: Dialect,
  { from, watermark, range, limit }: { from: string; watermark: Column; range: Range; limit?: number },
): string {
  const name = dialect.column(watermark.name);
  const rows = `SELECT ${name} FROM ${from} WHERE ${condition(dialect, watermark, range)}`;
  const page = limit === undefined ? rows : `${rows} ORDER BY ${name} LIMIT ${limit}`;
  return `SELECT ${dialect.text(`max(${name})`)} FROM (${page}) AS ${dialect.column("page")}`;
}

/** How many rows have no watermark: they would never be read. */
export function withoutWatermark(dialect: Dialect, from: string, watermark: Column): string {
  return `SELECT ${dialect.text("count(*)")} FROM ${from} WHERE ${dialect.column(watermark.name)} IS NULL`;
}

/** The rows of a range. */
export function rowsOf(
  dialect: Dialect,
  { from, watermark, range, columns }: { from: string; watermark: Column; range: Range; columns: string[] },
): string {
  const wanted = columns.map((name) => dialect.column(name)).join(", ");
  const order = dialect.column(watermark.name);
  return `SELECT ${wanted} FROM ${from} WHERE ${condition(dialect, watermark, range)} ORDER BY ${order}`;
}
