import { parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { checkColumns, Unfit } from "../../handlers/shared/landing/shape";
import { type RecordSchema } from "../../handlers/shared/schema";
import { UserError } from "../errors";
import { type Engine, rowsOf } from "./engine";
import { identifier, literal } from "./rules";

/** A landed object, as a file on this machine. */
export interface RawFile {
  /** Its path here; `.csv`, `.jsonl` or `.parquet`. */
  path: string;
  /** The object's key: what people are told. */
  key: string;
}

/** How to read many files as one table: SQL whose columns are `file`, `unreadable` (null for a record) and the cells. */
export interface RawTable {
  /** By `file`, a place in this list. */
  files: RawFile[];
  /** All files. Notes the lines of CSV files that are no rows in `unreadLines`. */
  all: string;
  /** Of one file, with the column `row`: 1 for the first row that can be read. */
  ofFile(path: string): string;
}

/** What a row must be to have cells; `unreadable` is 1 for the first of these that it is not. */
export const recordRules = ["must be a JSON object", "must have no field that schema.json does not declare"];

/** The longest line of a file, in bytes. */
const maxLine = 16 * 1024 * 1024;
/** Each thread has a few buffers, of 16 lines of the greatest length unless it is told otherwise. */
const lineLimit = `max_line_size = ${maxLine}, buffer_size = ${2 * maxLine}`;
/** Where the engine puts the lines of CSV files that are no rows: it counts files and scans by itself. */
export const unreadLines = "unread_lines";
export const unreadScans = "unread_scans";

/**
 * The files as one table of cells (texts, null for empty).
 * @throws UserError that names the object when a file's columns are not those of the schema.
 */
export async function rawTable(engine: Engine, files: RawFile[], schema: RecordSchema): Promise<RawTable> {
  const readers = new Map<string, { files: RawFile[]; read: Reader }>();
  const byPath = new Map<string, Reader>();
  for (const file of files) {
    const { kind, read } = await readerOf(engine, file, schema);
    const known = readers.get(kind) ?? { files: [], read };
    known.files.push(file);
    readers.set(kind, known);
    byPath.set(file.path, read);
  }
  const groups = [...readers.values()];
  const tables = groups.map(({ files: those, read }, i) => {
    const before = groups.slice(0, i).reduce((sum, group) => sum + group.files.length, 0);
    const paths = those.map(({ path }) => path);
    return `SELECT ${before} + place AS file, * EXCLUDE (place) FROM (${read(paths, "noting")})`;
  });
  return {
    files: groups.flatMap((group) => group.files),
    all: tables.join(" UNION ALL "),
    ofFile: (path) => byPath.get(path)!([path], "numbered"),
  };
}

type Way = "noting" | "numbered";
/** SQL that reads files of one kind; `place` is a file's place among the paths. */
type Reader = (paths: string[], way: Way) => string;

async function readerOf(
  engine: Engine,
  file: RawFile,
  schema: RecordSchema,
): Promise<{ kind: string; read: Reader }> {
  if (file.path.endsWith(".csv")) {
    const header = await headerOf(file);
    requireColumns(header, file.key, schema);
    return { kind: `csv ${JSON.stringify(header)}`, read: csvReader(header, schema) };
  }
  if (file.path.endsWith(".parquet")) {
    const columns = await parquetColumns(engine, file);
    requireColumns(columns, file.key, schema);
    return { kind: `parquet ${JSON.stringify(columns)}`, read: parquetReader(columns, schema) };
  }
  return { kind: "jsonl", read: jsonReader(schema) };
}

const list = (paths: string[]) => `[${paths.map(literal).join(", ")}]`;
const place = "file_index AS place";
const number = (way: Way) => (way === "numbered" ? ", row_number() OVER () AS row" : "");

function cells(present: string[], schema: RecordSchema, cell: (name: string) => string): string {
  return Object.keys(schema.properties)
    .map((name) => `${present.includes(name) ? `NULLIF(${cell(name)}, '')` : "NULL"} AS ${identifier(name)}`)
    .join(", ");
}

/** CSV files with these columns in their header, as a table of texts. @param options of DuckDB's `read_csv`. */
export const readCsv = (paths: string[], header: string[], ...options: string[]) =>
  `read_csv(${[
    list(paths),
    `auto_detect = false, header = true, delim = ',', quote = '"', escape = '"'`,
    `columns = {${header.map((name) => `${literal(name)}: 'VARCHAR'`).join(", ")}}`,
    ...options,
  ].join(", ")})`;

const csvReader =
  (header: string[], schema: RecordSchema): Reader =>
  (paths, way) => {
    const faults =
      way === "noting"
        ? `store_rejects = true, rejects_table = '${unreadLines}', rejects_scan = '${unreadScans}', rejects_limit = 0`
        : "ignore_errors = true";
    const table = readCsv(paths, header, lineLimit, faults);
    return `SELECT ${place}, NULL AS unreadable, ${cells(header, schema, identifier)}${number(way)} FROM ${table}`;
  };

const parquetReader =
  (columns: string[], schema: RecordSchema): Reader =>
  (paths, way) =>
    `SELECT ${place}, NULL AS unreadable, ` +
    `${cells(columns, schema, (name) => `CAST(${identifier(name)} AS VARCHAR)`)}${number(way)} ` +
    `FROM read_parquet(${list(paths)})`;

const jsonReader =
  (schema: RecordSchema): Reader =>
  (paths, way) => {
    const names = Object.keys(schema.properties);
    const steps = names.map((name) => literal(`$."${name}"`)).join(", ");
    const known = names.map(literal).join(", ");
    const lines =
      `SELECT ${place}, line, CASE WHEN json_valid(line) THEN line END AS document${number(way)} FROM ` +
      `read_csv(${list(paths)}, auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', ` +
      `${lineLimit}, columns = {'line': 'VARCHAR'})`;
    const values = `SELECT *, json_extract_string(document, [${steps}]) AS found FROM (${lines}) WHERE trim(line) <> ''`;
    return (
      `SELECT place, CASE WHEN json_type(document) IS DISTINCT FROM 'OBJECT' THEN 1 ` +
      `WHEN len(list_filter(json_keys(document), lambda each: each NOT IN (${known}))) > 0 ` +
      `THEN 2 END AS unreadable, ` +
      `${names.map((name, i) => `NULLIF(found[${i + 1}], '') AS ${identifier(name)}`).join(", ")}${way === "numbered" ? ", row" : ""} FROM (${values})`
    );
  };

/** The names in the first line of a CSV file. */
async function headerOf({ path, key }: RawFile): Promise<string[]> {
  const file = createReadStream(path);
  try {
    for await (const names of file.pipe(parse({ bom: true, to: 1, relax_column_count: true })))
      return names as string[];
  } catch (error) {
    throw new UserError(`${key} cannot be read as CSV: ${(error as Error).message}. ${whatToDo}`);
  } finally {
    file.destroy();
  }
  throw new UserError(`${key} is empty: a CSV file's first line must name the columns. ${whatToDo}`);
}

async function parquetColumns(engine: Engine, { path, key }: RawFile): Promise<string[]> {
  try {
    const rows = await rowsOf(
      engine,
      `SELECT column_name FROM (DESCRIBE SELECT * FROM read_parquet(${literal(path)}))`,
    );
    return rows.map(({ column_name }) => String(column_name));
  } catch (error) {
    throw new UserError(
      `${key} cannot be read as Parquet: ${(error as Error).message.split("\n")[0]}. ${whatToDo}`,
    );
  }
}

const whatToDo = "Delete the object or land it anew, then try again.";

/** As a source that lands does. @throws UserError that names the object. */
function requireColumns(columns: string[], key: string, schema: RecordSchema): void {
  try {
    checkColumns(columns, schema);
  } catch (error) {
    throw error instanceof Unfit ? new UserError(`${key} ${error.message}. ${whatToDo}`) : error;
  }
}
