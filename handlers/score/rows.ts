import { parse } from "csv-parse";
import { pipeline, Readable } from "node:stream";
import { type InputRecord, type RequestReader } from "../predict/request";
import { type Format } from "../shared/batches/batch";
import { checkColumns, Unfit } from "../shared/landing/shape";
import { type FieldError } from "../shared/problem";
import { unknownFieldRule } from "../shared/rules";
import { type FieldSchema, type RecordSchema, requestSchema } from "../shared/schema";
import { maxRowBytes } from "../shared/landing/text";

/** A row of an uploaded file, and the record to ask the model with or why there is none. */
export interface Row {
  /** From 1, the header not included. */
  row: number;
  /** As it came: the cells of CSV, the line of JSON Lines. */
  given: string[] | string;
  record: InputRecord;
  /** None when the row can be predicted. */
  errors: FieldError[];
}

/** An uploaded file, opened: its header has been looked at. */
export interface Table {
  /** Of CSV. */
  columns: string[];
  /** In parts, as an `await` for each row would take longer than reading it. @throws Unfit */
  parts: AsyncIterable<Row[]>;
}

const rowsInPart = 500;

/** Reads uploaded files by the rules of `POST /predict`. */
export class RowReader {
  private readonly asked: Record<string, FieldSchema>;
  private readonly required: string[];

  constructor(
    private readonly schema: RecordSchema,
    private readonly requests: Pick<RequestReader, "recordErrors">,
  ) {
    const { properties, required } = requestSchema(schema);
    this.asked = properties;
    this.required = required;
  }

  /** @throws Unfit when it is no file of records, with the row where that shows. */
  async open(format: Format, body: AsyncIterable<Buffer>): Promise<Table> {
    const text = decoded(body);
    return format === "csv" ? this.openCsv(text) : { columns: [], parts: this.jsonParts(text) };
  }

  private async openCsv(text: AsyncIterable<string>): Promise<Table> {
    const rows = inParts(csvRows(text));
    const first = await rows.next();
    const [columns = [], ...others] = first.done ? [] : first.value;
    this.checkHeader(columns);
    const toRow = (cells: string[], row: number) => this.csvRow(columns, cells, row);
    return { columns, parts: numbered(continued(others, rows), toRow) };
  }

  /** Columns that the schema declares and nobody needs for a prediction are let be, so that raw files can be scored. */
  private checkHeader(columns: string[]): void {
    const unknown = columns.find((name) => !Object.hasOwn(this.schema.properties, name));
    if (unknown !== undefined) {
      const rule = unknownFieldRule(unknown, this.schema, Object.keys(this.asked));
      throw new Unfit(`has a column '${unknown.slice(0, 100)}' that ${rule}`);
    }
    checkColumns(columns, { ...this.schema, required: this.required });
  }

  private csvRow(columns: string[], cells: string[], row: number): Row {
    if (cells.length !== columns.length) {
      const rule = `must have ${columns.length} cells, as the header has`;
      return { row, given: cells, record: {}, errors: [{ field: "row", value: cells.length, rule }] };
    }
    const record: InputRecord = {};
    columns.forEach((name, index) => {
      const field = this.asked[name];
      const value = field && valueOf(cells[index] ?? "", field);
      if (value !== undefined) record[name] = value;
    });
    return { row, given: cells, record, errors: this.requests.recordErrors(record) };
  }

  private jsonParts(text: AsyncIterable<string>): AsyncIterable<Row[]> {
    return numbered(inParts(jsonLines(text)), (line, row) => this.jsonRow(line, row));
  }

  private jsonRow(line: string, row: number): Row {
    const value = parseJson(line);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      if (row === 1 && line.startsWith("[")) {
        throw new Unfit("is one JSON array: write one record a line (JSON Lines)", row);
      }
      const errors = [{ field: "row", value: line.slice(0, 100), rule: "must be one JSON object" }];
      return { row, given: line, record: {}, errors };
    }
    const isAskedOrUnknown = ([name]: [string, unknown]) =>
      name in this.asked || !Object.hasOwn(this.schema.properties, name);
    const record = Object.fromEntries(Object.entries(value).filter(isAskedOrUnknown));
    return { row, given: line, record, errors: this.requests.recordErrors(record) };
  }
}

/** As the container has it (schema.py, from_cell): what cannot be converted stays text, for the schema to refuse. */
function valueOf(cell: string, { type }: FieldSchema): unknown {
  const types = [type].flat();
  if (cell === "") return types.includes("null") ? null : undefined;
  const isNumber = types.includes("number") || types.includes("integer");
  if (isNumber && /^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(cell)) return Number(cell);
  if (types.includes("boolean") && (cell === "true" || cell === "false")) return cell === "true";
  return cell;
}

const gzip = Buffer.from([0x1f, 0x8b]);

/** The text of a file. @throws Unfit when it is none, or empty. */
async function* decoded(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true }); // it drops a byte order mark
  let bytes = 0;
  try {
    for await (const chunk of body) {
      if (bytes === 0 && chunk.subarray(0, 2).equals(gzip)) {
        throw new Unfit("is compressed with gzip: upload it as it was before");
      }
      bytes += chunk.length;
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_ENCODING_INVALID_ENCODED_DATA") throw error;
    throw new Unfit(`is not UTF-8 text, at byte ${bytes} at the latest: save it as UTF-8`);
  }
  if (bytes === 0) throw new Unfit("is empty");
}

/** The cells of each row that is not blank, the header's first. */
async function* csvRows(text: AsyncIterable<string>): AsyncGenerator<string[]> {
  const parser = parse({
    ...{ relax_column_count: true, relax_quotes: true, skip_empty_lines: true },
    ...{ record_delimiter: ["\r\n", "\n", "\r"], max_record_size: maxRowBytes },
  });
  pipeline(Readable.from(text), parser, () => undefined); // the parser fails with it
  let row = 0;
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      yield cells;
      row += 1;
    }
  } catch (error) {
    throw asUnfit(error);
  }
  if (row < 2) throw new Unfit(row === 0 ? "is empty" : "has a header and no rows");
}

/** Errors of csv-parse in words for people; the header counts as row 0. */
function asUnfit(error: unknown): unknown {
  const { code, records: row = 0 } = error as { code?: string; records?: number };
  if (code === "CSV_MAX_RECORD_SIZE") return tooLong(row);
  if (code === "CSV_QUOTE_NOT_CLOSED") {
    return new Unfit(`ends within a quoted cell: a quote of row ${row} is never closed`, row);
  }
  return code?.startsWith("CSV_") ? new Unfit(`is no CSV at row ${row}: ${(error as Error).message}`) : error;
}

const tooLong = (row: number) =>
  new Unfit(`has more than 1 MB in row ${row}: a line end or a quote is missing`, row);

/** The lines that are not blank. */
async function* jsonLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  let row = 0;
  let begun = "";
  for await (const chunk of text) {
    const lines = (begun + chunk).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines.map((each) => each.trim()).filter(Boolean)) {
      row += 1;
      yield line;
    }
    if (begun.length > maxRowBytes) throw tooLong(row + 1);
  }
  if (begun.trim() !== "") yield begun.trim();
  else if (row === 0) throw new Unfit("has no record");
}

async function* inParts<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let part: T[] = [];
  for await (const item of items) {
    part.push(item);
    if (part.length < rowsInPart) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

async function* continued<T>(first: T[], others: AsyncGenerator<T[]>): AsyncGenerator<T[]> {
  yield first;
  yield* others;
}

async function* numbered<T>(
  parts: AsyncIterable<T[]>,
  toRow: (item: T, row: number) => Row,
): AsyncGenerator<Row[]> {
  let before = 0;
  for await (const part of parts) {
    yield part.map((item, index) => toRow(item, before + index + 1));
    before += part.length;
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
