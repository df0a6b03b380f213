import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type RecordSchema } from "../../handlers/shared/schema";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { type Engine, rowsOf, streamOf, withEngine } from "./engine";
import { type Profile, profileOf } from "./profile";
import { type RawFile, type RawTable, rawTable, unreadLines, unreadScans } from "./raw-table";
import { type FieldRule, identifier, literal, type RecordSql, recordSql } from "./rules";

/** Rows that came in, by what became of them: `read = kept + duplicates + rejected`. */
export interface RowCounts {
  read: number;
  /** They break a rule of `schema.json`, or are no rows. */
  rejected: number;
  /** They have the key of another row (all fields, where the schema names no key). */
  duplicates: number;
  kept: number;
}

/** How many rows were rejected because `field` breaks `rule`, their first reason. */
export interface RejectionCount {
  /** `record` for the row as a whole. */
  field: string;
  rule: string;
  rows: number;
}

export interface Consolidated {
  rows: RowCounts;
  /** Most frequent first. */
  reasons: RejectionCount[];
  /** By object key. */
  objects: Record<string, { read: number; rejected: number }>;
  profile: Profile;
  /** The kept rows in one order that their content decides: CSV with a header. */
  rowsFile: string;
  /** The rejected rows with all their reasons, one JSON document a line. */
  rejectedFile: string;
}

/**
 * Makes one table of many landed files: checks each row against the schema, removes duplicates, orders by time and content.
 * What comes out depends on the rows alone, not on files, their formats or their order. Of rows with the same key the one
 * with the latest time stays. Memory does not grow with the rows; `folder` needs about twice the files' size on disk.
 * @throws UserError that names the object when a file is no table of the schema's columns.
 */
export const consolidate = (files: RawFile[], schema: RecordSchema, folder: string): Promise<Consolidated> =>
  withFiles(files, folder, async (engine) => {
    const checked = await check(engine, files, schema);
    const rowsFile = join(folder, "rows.csv");
    const rejectedFile = join(folder, "rejected.jsonl");
    await writeRows(engine, checked, schema, rowsFile);
    await writeRejected(engine, checked, rejectedFile);
    return {
      rows: checked.rows,
      reasons: await reasonsOf(engine, checked),
      objects: await objectCounts(engine, checked),
      profile: await profileOf(engine, rowsFile, schema),
      rowsFile,
      rejectedFile,
    };
  });

/** Only what becomes of the rows: nothing is ordered or written. @throws UserError as `consolidate`. */
export const countRows = (
  files: RawFile[],
  schema: RecordSchema,
  folder: string,
): Promise<Pick<Consolidated, "rows" | "reasons">> =>
  withFiles(files, folder, async (engine) => {
    const checked = await check(engine, files, schema);
    return { rows: checked.rows, reasons: await reasonsOf(engine, checked) };
  });

async function withFiles<T>(
  files: RawFile[],
  folder: string,
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  try {
    return await withEngine(folder, work);
  } catch (error) {
    throwIfInterrupted();
    throw explain(error as Error, files, folder);
  }
}

/** The engine's complaints, in terms of what the user has. */
function explain(error: Error, files: RawFile[], folder: string): Error {
  if (error instanceof UserError) return error;
  const reason = error.message.split("\n")[0]!;
  const file = files.find(({ path }) => error.message.includes(path));
  if (file) {
    return new UserError(
      `${file.key} cannot be read: ${reason.replaceAll(file.path, "the object")}. Delete it or land it anew, then try again.`,
    );
  }
  if (/no space left|disk/i.test(reason)) {
    return new UserError(
      `The disk of ${folder} is full, where a snapshot is made (${reason}). Make room or set TMPDIR to a larger one, then try again.`,
    );
  }
  return error;
}

/** Files whose rows have been looked at; what is known of each row is in the engine's tables `marks` and `repeated`. */
interface Checked {
  table: RawTable;
  sql: RecordSql;
  /** Keys of the objects by the paths of their files. */
  keys: Map<string, string>;
  rows: RowCounts;
  unread: UnreadRow[];
}

async function check(engine: Engine, files: RawFile[], schema: RecordSchema): Promise<Checked> {
  const sql = recordSql(schema);
  const table = await rawTable(engine, files, schema);
  await mark(engine, table, sql, schema);
  const unread = await unreadRows(engine);
  const [counts] = await rowsOf(engine, "SELECT count(*) AS rows, count(broken) AS broken FROM marks");
  const [repeated] = await rowsOf(engine, "SELECT COALESCE(sum(rows - 1), 0)::BIGINT AS rows FROM repeated");
  const read = Number(counts!.rows) + unread.length;
  const rejected = Number(counts!.broken) + unread.length;
  const duplicates = Number(repeated!.rows);
  const rows = { read, rejected, duplicates, kept: read - rejected - duplicates };
  return { table, sql, keys: new Map(files.map(({ path, key }) => [path, key])), rows, unread };
}

/** Fields that make a row the same as another. */
function keyOf(schema: RecordSchema): string[] {
  const named = Object.entries(schema.properties).filter(([, field]) => field["x-role"] === "key");
  return (named.length ? named.map(([name]) => name) : Object.keys(schema.properties)).map(identifier);
}

const timesOf = (schema: RecordSchema) =>
  Object.entries(schema.properties).flatMap(([name, field]) =>
    field["x-role"] === "time" ? [identifier(name)] : [],
  );

/** The place of the first rule that a row breaks, null for a good row; 0 for a row that cannot be read. */
const firstBroken = ({ rules }: RecordSql) =>
  `CAST(CASE WHEN unreadable IS NOT NULL THEN 0 ${rules.map(({ broken }, i) => `WHEN ${broken} THEN ${i + 1}`).join(" ")} END AS USMALLINT)`;

/** Reads all files once, and remembers of each row ten bytes or so: its identity, and what is wrong with it. */
async function mark(engine: Engine, table: RawTable, sql: RecordSql, schema: RecordSchema): Promise<void> {
  await engine.run(
    `CREATE TEMP TABLE marks AS SELECT file, unreadable, broken, hash(${keyOf(schema).join(", ")}) AS identity ` +
      `FROM (SELECT file, unreadable, ${firstBroken(sql)} AS broken, ${sql.typed.join(", ")} FROM (${table.noting}))`,
  );
  await engine.run(
    "CREATE TEMP TABLE repeated AS SELECT identity, count(*) AS rows FROM marks WHERE broken IS NULL GROUP BY identity HAVING count(*) > 1",
  );
}

/** The good rows, each once, in their order. What no row needs (rejecting, removing repeated ones) is not done. */
async function writeRows(
  engine: Engine,
  { table, sql, rows: { rejected, duplicates } }: Checked,
  schema: RecordSchema,
  file: string,
): Promise<void> {
  const columns = sql.columns.join(", ");
  const times = timesOf(schema);
  const keys = keyOf(schema);
  const good = `SELECT ${sql.typed.join(", ")} FROM (${table.again})${rejected ? ` WHERE ${firstBroken(sql)} IS NULL` : ""}`;
  const identity = `hash(${keys.join(", ")})`;
  const latest = [...times.map((name) => `${name} DESC`), ...sql.columns].join(", ");
  const once = duplicates
    ? `SELECT ${columns} FROM good WHERE ${identity} NOT IN (SELECT identity FROM repeated) UNION ALL ` +
      `(SELECT DISTINCT ON (${keys.join(", ")}) ${columns} FROM good WHERE ${identity} IN (SELECT identity FROM repeated) ORDER BY ${latest})`
    : `SELECT ${columns} FROM good`;
  const order = [...times, ...sql.columns.filter((name) => !times.includes(name))].join(", ");
  await engine.run(
    `COPY (WITH good AS (${good}) SELECT * FROM (${once}) ORDER BY ${order}) TO ${literal(file)} (FORMAT csv, HEADER)`,
  );
}

/** A line of a CSV file that is no row. */
interface UnreadRow {
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

async function unreadRows(engine: Engine): Promise<UnreadRow[]> {
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

async function reasonsOf(engine: Engine, { sql: { rules }, unread }: Checked): Promise<RejectionCount[]> {
  const marked = await rowsOf(
    engine,
    "SELECT broken, unreadable, count(*) AS rows FROM marks WHERE broken IS NOT NULL GROUP BY broken, unreadable",
  );
  const counts = marked.map(({ broken, unreadable, rows }) => {
    const { field, rule } = rules[Number(broken) - 1] ?? { field: "record", rule: String(unreadable) };
    return { field, rule, rows: Number(rows) };
  });
  const byRule = new Map<string, RejectionCount>();
  for (const each of [...counts, ...unread.map(({ rule }) => ({ field: "record", rule, rows: 1 }))]) {
    const known = byRule.get(`${each.field} ${each.rule}`);
    if (known) known.rows += each.rows;
    else byRule.set(`${each.field} ${each.rule}`, { ...each });
  }
  return [...byRule.values()].sort((a, b) => b.rows - a.rows || (a.field < b.field ? -1 : 1));
}

async function objectCounts(engine: Engine, { keys, unread }: Checked): Promise<Consolidated["objects"]> {
  const objects: Consolidated["objects"] = Object.fromEntries(
    [...keys.values()].map((key) => [key, { read: 0, rejected: 0 }]),
  );
  for (const { file, rows, broken } of await rowsOf(
    engine,
    "SELECT file, count(*) AS rows, count(broken) AS broken FROM marks GROUP BY file",
  )) {
    objects[keys.get(String(file))!] = { read: Number(rows), rejected: Number(broken) };
  }
  for (const { file } of unread) {
    const object = objects[keys.get(file)!]!;
    object.read += 1;
    object.rejected += 1;
  }
  return objects;
}

/** Reads the files that have bad rows again, and writes down each of those with its place and all its reasons. */
async function writeRejected(
  engine: Engine,
  { table, sql, keys, unread }: Checked,
  file: string,
): Promise<void> {
  const faulty = await rowsOf(engine, "SELECT file FROM marks GROUP BY file HAVING count(broken) > 0");
  const paths = [
    ...new Set([...faulty.map((each) => String(each.file)), ...unread.map((each) => each.file)]),
  ].sort();
  async function* lines() {
    for (const path of paths) {
      const object = keys.get(path)!;
      const gaps = unread.filter((each) => each.file === path);
      for (const { row, rule, text } of gaps) {
        yield `${JSON.stringify({ object, row, errors: [{ field: "record", value: text, rule }] })}\n`;
      }
      const broken = sql.rules
        .map(({ broken: condition }, i) => `CASE WHEN ${condition} THEN ${i} END`)
        .join(", ");
      const query =
        `SELECT row, unreadable, list_filter([${broken}], lambda each: each IS NOT NULL) AS broken, ${sql.columns.join(", ")} ` +
        `FROM (${table.ofFile(path)}) WHERE ${firstBroken(sql)} IS NOT NULL`;
      for await (const { row, unreadable, broken: list, ...record } of streamOf(engine, query)) {
        const errors = unreadable
          ? [{ field: "record", value: null, rule: String(unreadable) }]
          : firstOfEach((list as number[]).map((i) => sql.rules[i]!)).map(({ field, rule }) => ({
              ...{ field, value: record[field], rule },
            }));
        yield `${JSON.stringify({ object, row: placeOf(Number(row), gaps), errors, record })}\n`;
      }
    }
  }
  await pipeline(lines, createWriteStream(file));
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
