import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type RecordSchema } from "../../handlers/shared/schema";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { type Engine, rowsOf, withEngine } from "./engine";
import { type Part, writeParts } from "./parts";
import { type Profile } from "../../handlers/shared/profile";
import { profileOf } from "./profile";
import { type RawFile, type RawTable, rawTable } from "./raw-table";
import { firstBroken, rulesOf, unreadRows, writeRejected } from "./rejected";
import { lineSql } from "./canonical";
import { identifier, literal, type RecordSql, recordSql, valueOf } from "./rules";
import { type ObjectCounts, type RejectionCount, type RowCounts, Tally } from "./tally";

export interface Consolidated {
  rows: RowCounts;
  /** Most frequent first. */
  reasons: RejectionCount[];
  /** By object key. */
  objects: Record<string, ObjectCounts>;
  profile: Profile;
  /** The kept rows in one order that their content decides, in files of `partsFolder`: CSV with a header. */
  parts: Part[];
  partsFolder: string;
  /** The rejected rows with all their reasons, one JSON document a line. */
  rejectedFile: string;
}

/**
 * Makes one table of many landed files: checks each row against the schema, removes duplicates, orders by time and content.
 * What comes out depends on the rows alone, not on files, their formats or their order. Of rows with the same key the one
 * with the latest time stays. Memory does not grow with the rows; `folder` needs about four times the files' size on disk.
 *
 * The engine reads all files once and writes one sorted file of canonical lines, each with a tag that says where it came
 * from and whether it is good; counting, leaving out and cutting are then a single pass over that file.
 * @throws UserError that names the object when a file is no table of the schema's columns.
 */
export const consolidate = (files: RawFile[], schema: RecordSchema, folder: string): Promise<Consolidated> =>
  withChecks(files, schema, folder, async (engine, { table, sql, tally }) => {
    const sorted = { file: join(folder, "sorted.csv"), digits: String(tally.tags).length };
    await writeSorted(engine, table, sql, schema, tally.tag, sorted);
    const partsFolder = join(folder, "data");
    const header = Object.keys(schema.properties).map(headerCell).join(",");
    const parts = await writeParts(sorted, header, partsFolder, (tag, isKept) => tally.count(tag, isKept));
    await rm(sorted.file);
    const unread = await unreadRows(engine);
    tally.addUnread(unread);
    const rejectedFile = join(folder, "rejected.jsonl");
    await writeRejected(engine, table, sql, unread, tally.faulty, rejectedFile);
    const { counts: rows, reasons, objects } = tally;
    const paths = parts.map(({ name }) => join(partsFolder, name));
    const profile = await profileOf(engine, paths, rows.kept, schema, folder);
    return { rows, reasons, objects, profile, parts, partsFolder, rejectedFile };
  });

/** Only what becomes of the rows, duplicates apart: nothing is ordered or written. @throws UserError as `consolidate`. */
export const countRows = (
  files: RawFile[],
  schema: RecordSchema,
  folder: string,
): Promise<Pick<Consolidated, "reasons" | "objects"> & { unread: string[] }> =>
  withChecks(files, schema, folder, async (engine, { table, sql, tally }) => {
    const rows = `SELECT file, ${firstBroken(sql)} AS broken FROM (${withValues(table, sql)})`;
    const found = await rowsOf(
      engine,
      `SELECT ${tally.tag} AS tag, count(*) AS rows FROM (${rows}) GROUP BY ALL`,
    );
    for (const { tag, rows: count } of found) tally.count(Number(tag), false, Number(count));
    const unread = await unreadRows(engine);
    tally.addUnread(unread);
    const { reasons, objects } = tally;
    const withUnread = new Set(unread.map(({ file }) => file));
    const keys = files.filter(({ path }) => withUnread.has(path)).map(({ key }) => key);
    return { reasons, objects, unread: keys };
  });

interface Checks {
  table: RawTable;
  sql: RecordSql;
  tally: Tally;
}

async function withChecks<T>(
  files: RawFile[],
  schema: RecordSchema,
  folder: string,
  work: (engine: Engine, checks: Checks) => Promise<T>,
): Promise<T> {
  try {
    return await withEngine(folder, async (engine) => {
      const sql = recordSql(schema);
      const table = await rawTable(engine, files, schema);
      return work(engine, { table, sql, tally: new Tally(table.files, rulesOf(sql)) });
    });
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

const headerCell = (name: string) => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/** All rows with their cells as text and as values. */
const withValues = ({ all }: RawTable, { values }: RecordSql) =>
  `SELECT ${["*", ...values].join(", ")} FROM (${all})`;

const fieldsOf = (schema: RecordSchema, role: string) =>
  Object.entries(schema.properties).flatMap(([name, field]) => (field["x-role"] === role ? [name] : []));

/**
 * All rows by time as canonical lines with their tags; the line of a row that is rejected, or that another of its key
 * replaces, is empty. Rows of one time are in the order of a hash of their lines, which is compared far faster than lines: equal lines
 * are beside each other, and the order does not depend on how they came.
 */
async function writeSorted(
  engine: Engine,
  table: RawTable,
  sql: RecordSql,
  schema: RecordSchema,
  tag: string,
  { file, digits }: { file: string; digits: number },
): Promise<void> {
  const times = fieldsOf(schema, "time").map(valueOf);
  const keys = fieldsOf(schema, "key");
  const line = lineSql(schema);
  const checked =
    `SELECT ${tag} AS tag, ${[...times, ...keys.map(identifier)].map((name) => `${name}, `).join("")}` +
    `CASE WHEN broken > 0 THEN '' WHEN ${line.needsQuotes} THEN ${line.quoted} ELSE bare END AS line ` +
    `FROM (SELECT *, ${firstBroken(sql)} AS broken, ${line.bare} AS bare FROM (${withValues(table, sql)}))`;
  const rows = keys.length ? await latestOfEach(engine, checked, keys, times) : checked;
  const order = times.length ? `${times.join(", ")}, hash(line)` : "line";
  await engine.run(
    `COPY (SELECT CAST(${10 ** digits} + tag AS VARCHAR) || line FROM (${rows}) ORDER BY ${order}) ` +
      `TO ${literal(file)} (FORMAT csv, HEADER false, QUOTE '', DELIMITER '\x01')`,
  );
}

/** Takes the line from each good row whose key another row has at a later time. */
async function latestOfEach(
  engine: Engine,
  checked: string,
  keys: string[],
  times: string[],
): Promise<string> {
  const names = keys.map(identifier).join(", ");
  await engine.run(`CREATE TEMP TABLE checked AS SELECT *, hash(${names}) AS identity FROM (${checked})`);
  await engine.run(
    "CREATE TEMP TABLE repeated AS SELECT identity FROM checked WHERE line <> '' GROUP BY identity HAVING count(*) > 1",
  );
  const columns = ["tag", ...times].join(", ");
  const isRepeated = "line <> '' AND identity IN (SELECT identity FROM repeated)";
  const latest = [...times.map((time) => `${time} DESC`), "line"].join(", ");
  const place = `row_number() OVER (PARTITION BY ${names} ORDER BY ${latest}) AS place`;
  return (
    `SELECT ${columns}, line FROM checked WHERE NOT (${isRepeated}) UNION ALL ` +
    `SELECT ${columns}, CASE WHEN place = 1 THEN line ELSE '' END AS line FROM (SELECT *, ${place} FROM checked WHERE ${isRepeated})`
  );
}
