import type { ColumnMetadata, Field } from "@aws-sdk/client-redshift-data";
import type { DuckDBResult, DuckDBValue } from "@duckdb/node-api";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** The Data API's own limit of a result. */
const maxResultBytes = 500 * 1024 * 1024;
const pageRows = 1000;

export interface ResultPage {
  columns: ColumnMetadata[];
  records: Field[][];
  /** Whether there are more. */
  more: boolean;
}

/** Types of Redshift by those of DuckDB. */
const typeNames: Record<string, string> = {
  BOOLEAN: "bool",
  TINYINT: "int2",
  SMALLINT: "int2",
  INTEGER: "int4",
  BIGINT: "int8",
  HUGEINT: "numeric",
  FLOAT: "float4",
  DOUBLE: "float8",
  VARCHAR: "varchar",
  DATE: "date",
  TIME: "time",
  TIMESTAMP: "timestamp",
  "TIMESTAMP WITH TIME ZONE": "timestamptz",
};

const typeName = (type: string) => typeNames[type] ?? (type.startsWith("DECIMAL") ? "numeric" : "varchar");

function columnsOf(result: DuckDBResult): ColumnMetadata[] {
  const types = result.columnTypes().map(String);
  return result.columnNames().map((name, index) => {
    const type = types[index] ?? "";
    const [, precision = "0", scale = "0"] = /^DECIMAL\((\d+),(\d+)\)/.exec(type) ?? [];
    return {
      ...{ name, label: name, typeName: typeName(type), nullable: 1, schemaName: "", tableName: "" },
      ...{
        precision: Number(precision),
        scale: Number(scale),
        length: 0,
        isCaseSensitive: typeName(type) === "varchar",
      },
      ...{ isCurrency: false, isSigned: /^(int|float|numeric)/.test(typeName(type)) },
    };
  });
}

/** A value as the Data API answers it: exact numbers, dates and times are texts. */
function fieldOf(value: DuckDBValue, type = ""): Field {
  if (value === null) return { isNull: true };
  if (typeof value === "boolean") return { booleanValue: value };
  if (/^int/.test(type)) return { longValue: Number(value) };
  if (/^float/.test(type)) return { doubleValue: Number(value) };
  return { stringValue: String(value) };
}

/**
 * Writes a result to `file`: its columns, then a page of rows a line, so that it never is in memory whole.
 * @returns rows and bytes. @throws Error in Redshift's words when it is too large.
 */
export async function writeResult(
  result: DuckDBResult,
  file: string,
): Promise<{ rows: number; bytes: number }> {
  const columns = columnsOf(result);
  const out = createWriteStream(file, { mode: 0o600 });
  let [rows, bytes] = [0, 0];
  const write = async (value: unknown) => {
    const text = `${JSON.stringify(value)}\n`;
    bytes += text.length;
    if (bytes > maxResultBytes) throw new Error("ERROR: Query result is too large: use UNLOAD");
    if (!out.write(text)) await once(out, "drain");
  };
  try {
    await write(columns);
    let page: Field[][] = [];
    for (
      let chunk = await result.fetchChunk();
      chunk && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      for (const row of chunk.getRows()) {
        page.push(row.map((value, index) => fieldOf(value, columns[index]?.typeName)));
        if (page.length < pageRows) continue;
        rows += page.length;
        await write(page);
        page = [];
      }
    }
    rows += page.length;
    if (page.length > 0) await write(page);
  } finally {
    out.end();
    await once(out, "close");
  }
  return { rows, bytes };
}

/** One page of a written result, or undefined when it is gone. */
export async function readPage(file: string, number: number): Promise<ResultPage | undefined> {
  if (!existsSync(file)) return undefined;
  const lines = createInterface({ input: createReadStream(file) });
  let columns: ColumnMetadata[] = [];
  let records: Field[][] = [];
  let index = -1;
  for await (const line of lines) {
    if (index === -1) columns = JSON.parse(line) as ColumnMetadata[];
    if (index === number) records = JSON.parse(line) as Field[][];
    if (index > number) return { columns, records, more: true };
    index += 1;
  }
  return { columns, records, more: false };
}
