import { type FieldSchema, type RecordSchema } from "../../handlers/shared/schema";
import { identifier, typeOf, valueOf } from "./rules";

/** A record as a line of CSV, written in one way whatever it came as: SQL over its cells and values. */
export interface LineSql {
  /** The line, when no cell needs quotes. */
  bare: string;
  /** Whether one does; `bare` is a column by then. Asked of whole lines, as asking each cell takes far longer. */
  needsQuotes: string;
  quoted: string;
}

/** The canonical line of rows that fit the schema. @param names of some fields; none: all of them. */
export function lineSql(schema: RecordSchema, names = Object.keys(schema.properties)): LineSql {
  const fields = names.map((name) => ({ name, field: schema.properties[name]! }));
  const free = fields.filter(({ field }) => isFree(field)).map(({ name }) => identifier(name));
  const join = (cells: string[]) => `concat(${cells.join(", ',', ")})`;
  const inLine = [`'"'`, "chr(10)", "chr(13)"].map((text) => `contains(bare, ${text})`);
  return {
    bare: join(fields.map(({ name, field }) => cellOf(name, field))),
    needsQuotes: [...inLine, ...free.map((cell) => `contains(${cell}, ',')`)].join(" OR "),
    quoted: join(fields.map(({ name, field }) => (isFree(field) ? quoted : String)(cellOf(name, field)))),
  };
}

/** Whether a checked cell may hold any text. */
function isFree(field: FieldSchema): boolean {
  if (field["x-role"] === "ignore") return true;
  return typeOf(field) === "string" && !field.enum;
}

/** Numbers as the shortest text that means them: `7.0`, `0.25`. */
function cellOf(name: string, field: FieldSchema): string {
  const cell = identifier(name);
  const written: Record<string, string> = {
    number: valueOf(name),
    integer: `TRY_CAST(${cell} AS BIGINT)`,
    boolean: `TRY_CAST(${cell} AS BOOLEAN)`,
  };
  const value = written[typeOf(field)];
  return value ? `COALESCE(CAST(${value} AS VARCHAR), ${cell})` : cell;
}

const quoted = (cell: string) =>
  `CASE WHEN regexp_matches(${cell}, '[",\\r\\n]') THEN '"' || replace(${cell}, '"', '""') || '"' ELSE ${cell} END`;
