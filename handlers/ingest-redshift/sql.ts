/** What is read from the warehouse, and how it is followed. */
export interface Reading {
  /** A SELECT. */
  query: string;
  /** Column of the query that only grows: a time, a date, a whole number. */
  watermark: string;
  /** With a time: seconds before the last watermark that are read again, for rows that are committed late. */
  overlapSeconds: number;
}

/** Where an UNLOAD writes, and as whom. */
export interface Target {
  /** `s3://bucket/incoming/orders/<window>/` */
  to: string;
  roleArn: string;
  keyArn: string;
}

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const name = (column: string) => `"${column.replaceAll('"', '""')}"`;
/** As a subquery: a semicolon at its end would end the whole statement, a comment would swallow what follows. */
const subquery = (query: string) => `(\n${query.trim().replace(/;+$/, "")}\n) as q`;

/** Asks for the query's columns, and no rows. */
export const columnsSql = ({ query }: Reading) => `select * from ${subquery(query)} limit 0`;

/** Asks for the highest watermark, as text with all its digits, and for rows that have none. */
export function boundsSql({ query, watermark }: Reading): string {
  const column = name(watermark);
  return (
    `select cast(max(${column}) as varchar) as upper_bound, ` +
    `sum(case when ${column} is null then 1 else 0 end) as without_watermark from ${subquery(query)}`
  );
}

/** A part of what there is: after the watermark `from` (with the overlap), to `to` inclusive. */
export interface Window {
  columns: string[];
  from?: string;
  to: string;
}

/** The rows of one window. */
export function windowSql(reading: Reading, { columns, from, to }: Window): string {
  const column = name(reading.watermark);
  const lower = from === undefined ? [] : [`${column} > ${lowerBound(from, reading.overlapSeconds)}`];
  const where = [...lower, `${column} <= ${text(to)}`].join(" and ");
  return `select ${columns.map(name).join(", ")} from ${subquery(reading.query)} where ${where}`;
}

const dateOrTime = /^\d{4}-\d{2}-\d{2}/;

function lowerBound(from: string, overlapSeconds: number): string {
  if (overlapSeconds === 0 || !dateOrTime.test(from)) return text(from);
  return `cast(${text(from)} as timestamp) - interval '${overlapSeconds} seconds'`;
}

/** Rows to Parquet files and, last, a manifest of them. */
export function unloadSql(select: string, { to, roleArn, keyArn }: Target): string {
  return (
    `unload (${text(select)}) to ${text(to)} iam_role ${text(roleArn)} ` +
    `format as parquet manifest verbose maxfilesize 256 mb kms_key_id ${text(keyArn)} encrypted`
  );
}
