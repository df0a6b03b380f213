import { GetObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { parse } from "csv-parse";
import { type Readable } from "node:stream";
import { type Schema } from "../project";

/** Values of the columns of a table, as texts; an empty text is a missing value. */
export type Columns = Record<string, string[]>;

/** How differently a column is distributed in two tables. */
export interface Shift {
  column: string;
  /** Population stability index: 0 for the same distribution; from 0.1 it is worth a look, from 0.25 it has changed. */
  index: number;
}

const bins = 10;
/** Up to so many different values are compared one by one; more are put into bins. */
const fewValues = 30;
/** Stands for a share of 0, which has no logarithm. */
const leastShare = 1e-4;

/** The columns that matter to a model, of CSV objects in the bucket. */
export async function readColumns(
  s3: S3Client,
  bucket: string,
  keys: string[],
  schema: Schema,
): Promise<Columns> {
  const names = Object.entries(schema.properties)
    .filter(([, field]) => ["feature", "target"].includes(field["x-role"]))
    .map(([name]) => name);
  const columns: Columns = Object.fromEntries(names.map((name) => [name, []]));
  for (const key of keys.filter((each) => each.endsWith(".csv"))) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const rows = (Body as Readable).pipe(parse({ columns: true, bom: true, relax_column_count: true }));
    for await (const row of rows) {
      for (const name of names) columns[name]?.push((row as Record<string, string>)[name] ?? "");
    }
  }
  return columns;
}

/** The shift of each column from `before` to `after`, greatest first. */
export function shifts(before: Columns, after: Columns): Shift[] {
  return Object.entries(after)
    .map(([column, values]) => ({
      column,
      index: populationStabilityIndex(before[column] ?? [], values),
    }))
    .sort((a, b) => b.index - a.index);
}

/**
 * Sum over the bins of (share after - share before) * ln(share after / share before); the bins are the deciles of `before`,
 * or the values themselves when there are few or they are no numbers. Siddiqi, Credit Risk Scorecards (2006).
 */
export function populationStabilityIndex(before: string[], after: string[]): number {
  if (before.length === 0 || after.length === 0) return before.length === after.length ? 0 : Infinity;
  const binOf = binning(before);
  const [old, now] = [sharesOf(before.map(binOf)), sharesOf(after.map(binOf))];
  let index = 0;
  for (const bin of new Set([...old.keys(), ...now.keys()])) {
    const was = Math.max(old.get(bin) ?? 0, leastShare);
    const is = Math.max(now.get(bin) ?? 0, leastShare);
    index += (is - was) * Math.log(is / was);
  }
  return index;
}

function binning(values: string[]): (value: string) => string {
  const known = values.filter((value) => value !== "");
  const isNumeric = known.length > 0 && known.every((value) => Number.isFinite(Number(value)));
  if (!isNumeric || new Set(known).size <= fewValues) return (value) => value;
  const sorted = known.map(Number).sort((a, b) => a - b);
  const edges = Array.from(
    { length: bins - 1 },
    (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / bins)]!,
  );
  return (value) => {
    if (value === "") return "missing";
    const bin = edges.findIndex((edge) => Number(value) < edge);
    return String(bin < 0 ? edges.length : bin);
  };
}

function sharesOf(bins: string[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const bin of bins) shares.set(bin, (shares.get(bin) ?? 0) + 1 / bins.length);
  return shares;
}
