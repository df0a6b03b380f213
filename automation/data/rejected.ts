import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { type Engine, rowsOf, streamOf } from "./engine";
import { type RawTable, recordRules, unreadLines, unreadScans } from "./raw-table";
import { type FieldRule, type RecordSql } from "./rules";

/** A line of a CSV file that is no row. */
export interface UnreadRow {
  /** Path. */
  file: string;
  /** 1 for the first line after the header. */
  row: number;
  rule: string;
  text: string;
}

const unreadRules: Record<string, string> = {
  "MISSING COLUMNS": "must have as many cells as the header",
  "TOO MANY COLUMNS": "must have as many cells as the header",
  "UNQUOTED VALUE": "must close the quotes that it opens",
  "INVALID ENCODING": "must be valid UTF-8",
  "LINE SIZE OVER MAXIMUM": "must be shorter than 16 MB",
};

/** What the engine noted while it read all files. */
export async function unreadRows(engine: Engine): Promise<UnreadRow[]> {
  const [found] = await rowsOf(
    engine,
    `SELECT count(*) AS tables FROM duckdb_tables() WHERE table_name = '${unreadLines}'`,
  );
  if (!found!.tables) return [];
  const rows = await rowsOf(
    engine,
    `SELECT DISTINCT ON (file, row) file_path AS file, line - 1 AS row, error_type::VARCHAR AS type, csv_line AS text ` +
      `FROM ${unreadLines} JOIN ${unreadScans} USING (scan_id, file_id) ORDER BY file, row`,
  );
  return rows.map(({ file, row, type, text }) => ({
    file: String(file),
    row: Number(row),
    rule: unreadRules[String(type)] ?? `must be a row of CSV (${String(type).toLowerCase()})`,
    text: String(text ?? "").trimEnd(),
  }));
}

/** The rules of rows that can be read, in the order in which they are asked. */
export const rulesOf = ({ rules }: RecordSql) => [
  ...recordRules.map((rule) => ({ field: "record", rule })),
  ...rules,
];

/** SQL: the place in `rulesOf` of the first rule that a row breaks, counted from 1; 0 for a good row. */
export const firstBroken = ({ rules }: RecordSql) =>
  `COALESCE(CASE WHEN unreadable IS NOT NULL THEN unreadable ` +
  `${rules.map(({ broken }, i) => `WHEN ${broken} THEN ${recordRules.length + i + 1}`).join(" ")} END, 0)`;

/** Reads files that have bad rows again, and writes down each of those with its place and all its reasons. */
export async function writeRejected(
  engine: Engine,
  table: RawTable,
  sql: RecordSql,
  unread: UnreadRow[],
  faulty: string[],
  file: string,
): Promise<void> {
  async function* lines() {
    for (const { path, key: object } of table.files.filter((each) => faulty.includes(each.path))) {
      const gaps = unread.filter((each) => each.file === path);
      for (const { row, rule, text } of gaps) {
        yield `${JSON.stringify({ object, row, errors: [{ field: "record", value: text, rule }] })}\n`;
      }
      for await (const { row, unreadable, broken, ...record } of streamOf(
        engine,
        badRows(table, sql, path),
      )) {
        const errors = unreadable
          ? [{ field: "record", value: null, rule: recordRules[Number(unreadable) - 1] }]
          : firstOfEach((broken as number[]).map((i) => sql.rules[i]!)).map(({ field, rule }) => ({
              ...{ field, value: record[field], rule },
            }));
        yield `${JSON.stringify({ object, row: placeOf(Number(row), gaps), errors, record })}\n`;
      }
    }
  }
  await pipeline(lines, createWriteStream(file));
}

function badRows(table: RawTable, sql: RecordSql, path: string): string {
  const broken = sql.rules
    .map(({ broken: condition }, i) => `CASE WHEN ${condition} THEN ${i} END`)
    .join(", ");
  return (
    `SELECT row, unreadable, list_filter([${broken}], lambda each: each IS NOT NULL) AS broken, ${sql.columns.join(", ")} ` +
    `FROM (SELECT ${["*", ...sql.values].join(", ")} FROM (${table.ofFile(path)})) WHERE ${firstBroken(sql)} > 0`
  );
}

/** The first rule of each field: what breaks it may break the later ones, too. */
const firstOfEach = (rules: FieldRule[]) =>
  [...new Map(rules.toReversed().map((rule) => [rule.field, rule])).values()].reverse();

/** The place in its file of the n-th row that can be read, given the places of those that cannot. */
function placeOf(n: number, gaps: UnreadRow[]): number {
  let place = n;
  for (const { row } of gaps) if (row <= place) place += 1;
  return place;
}
