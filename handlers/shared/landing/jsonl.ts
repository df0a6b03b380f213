import { type RecordSchema } from "../schema";
import { checkColumns, Unfit } from "./shape";
import { maxRowBytes, TextReader } from "./text";

const lineEnd = 0x0a;
const space = 0x20; // what is not above it is white space in JSON

/** Of the first records, one must have the schema's shape: a single bad one is a bad row, not a bad file. */
const recordsLookedAt = 100;

/** Counts the lines that are not blank, and checks the fields of the first records. */
export class JsonLinesReader extends TextReader {
  /** The line of which the end has not come yet, while records are looked at. */
  private line: Buffer[] = [];
  private lineBytes = 0;
  private blank = true;
  private fits = false;
  private fault: Unfit | undefined;

  constructor(private readonly schema: RecordSchema) {
    super();
  }

  protected override take(chunk: Buffer): void {
    let from = 0;
    for (let to = chunk.indexOf(lineEnd); to >= 0; to = chunk.indexOf(lineEnd, from)) {
      this.grow(chunk, from, to);
      this.endLine();
      from = to + 1;
    }
    this.grow(chunk, from, chunk.length);
  }

  protected override finish(): void {
    this.endLine();
    if (!this.fits) throw this.fault ?? new Unfit("has no record");
  }

  private grow(chunk: Buffer, from: number, to: number): void {
    this.lineBytes += to - from;
    if (this.lineBytes > maxRowBytes) {
      const row = this.rows + 1;
      throw new Unfit(`has more than 1 MB in row ${row}: write one record a line (JSON Lines)`, row);
    }
    for (let at = from; this.blank && at < to; at++) this.blank = chunk[at]! <= space;
    if (!this.fits) this.line.push(chunk.subarray(from, to));
  }

  private endLine(): void {
    const line = this.fits || this.blank ? "" : Buffer.concat(this.line).toString();
    if (!this.blank) this.rows += 1;
    this.line = [];
    this.lineBytes = 0;
    if (line !== "") this.look(line);
    this.blank = true;
  }

  private look(line: string): void {
    try {
      checkColumns(fieldsOf(line, this.rows), this.schema);
      this.fits = true;
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      this.fault ??= new Unfit(error.message, this.rows);
      if (this.rows >= recordsLookedAt) throw this.fault;
    }
  }
}

function fieldsOf(line: string, row: number): string[] {
  const text = line.replace(/^\ufeff/, "").trim();
  if (row === 1 && text.startsWith("[")) {
    throw new Unfit("is one JSON array: write one record a line (JSON Lines)");
  }
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Unfit(`is no JSON Lines: row ${row} is no JSON object`);
  }
  return Object.keys(value);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
