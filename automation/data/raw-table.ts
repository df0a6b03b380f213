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

/** How to read many files as one table: SQL whose columns are `file` (path), `unreadable` (a rule, or null) and the cells. */
export interface RawTable {
  /** Notes the lines of CSV files that are no rows in `unreadLines`; for the first reading. */
  noting: string;
  /** Passes over them. */
  again: string;
  /** Of one file, with the column `row`: 1 for the first row that can be read. */
  ofFile(path: string): string;
}

/** The longest line of a file, in bytes. */
const maxLine = 16 * 1024 * 1024;
/** Where the engine puts the lines of CSV files that are no rows: it counts files and scans by itself. */
export const unreadLines = "unread_lines";
export const unreadScans = "unread_scans";

/**
 * The files as one table of cells (texts, null for empty).
 * @throws UserError that names the object when a file's columns are not those of the schema.
 */
export async function rawTable(engine: Engine, files: RawFile[], schema: RecordSchema): Promise<RawTable> {
  const readers = new Map<string, { paths: string[]; read: Reader }>();
  const byPath = new Map<string, Reader>();
  for (const file of files) {
    const { kind, read } = await readerOf(engine, file, schema);
    const known = readers.get(kind) ?? { paths: [], read };
    known.paths.push(file.path);
    readers.set(kind, known);
    byPath.set(file.path, read);
  }
  const union = (way: Way) =>
    [...readers.values()].map(({ paths, read }) => read(paths, way)).join(" UNION ALL ");
  return {
    noting: union("noting"),
    again: union("again"),
    ofFile: (path) => byPath.get(path)!([path], "numbered"),
  };
}

type Way = "noting" | "again" | "numbered";
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
    const table = readCsv(paths, header, `filename = true, max_line_size = ${maxLine}`, faults);
    return `SELECT filename AS file, NULL::VARCHAR AS unreadable, ${cells(header, schema, identifier)}${number(way)} FROM ${table}`;
  };

const parquetReader =
  (columns: string[], schema: RecordSchema): Reader =>
  (paths, way) =>
    `SELECT filename AS file, NULL::VARCHAR AS unreadable, ` +
    `${cells(columns, schema, (name) => `CAST(${identifier(name)} AS VARCHAR)`)}${number(way)} ` +
    `FROM read_parquet(${list(paths)}, filename = true)`;

const jsonReader =
  (schema: RecordSchema): Reader =>
  (paths, way) => {
    const names = Object.keys(schema.properties);
    const steps = names.map((name) => literal(`$."${name}"`)).join(", ");
    const known = names.map(literal).join(", ");
    const lines =
      `SELECT filename AS file, line, CASE WHEN json_valid(line) THEN line END AS document${number(way)} FROM ` +
      `read_csv(${list(paths)}, auto_detect = false, header = false, delim = '\x01', quote = '', escape = '', filename = true, ` +
      `max_line_size = ${maxLine}, columns = {'line': 'VARCHAR'})`;
    const values = `SELECT *, json_extract_string(document, [${steps}]) AS found FROM (${lines}) WHERE trim(line) <> ''`;
    return (
      `SELECT file, CASE WHEN json_type(document) IS DISTINCT FROM 'OBJECT' THEN 'must be a JSON object' ` +
      `WHEN len(list_filter(json_keys(document), lambda each: each NOT IN (${known}))) > 0 ` +
      `THEN 'must have no field that schema.json does not declare' END AS unreadable, ` +
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
