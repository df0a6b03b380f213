import { parse } from "csv-parse/sync";
import { type RecordSchema } from "../schema";
import { checkColumns, Unfit } from "./shape";
import { maxRowBytes, TextReader } from "./text";

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

type State = "cell begins" | "in cell" | "in quotes" | "after quote";

/**
 * Checks the header and counts the rows as RFC 4180 has them and Python's csv module reads them: a quoted cell may hold
 * line ends, a quote within a cell is a character like others, blank lines are no rows. Rows with too many or too few
 * cells count: they are rejected one by one where rows are read.
 *
 * Cells are left unread, so that a file of 5 GB takes a minute and not six, as with csv-parse's streams.
 */
export class CsvReader extends TextReader {
  private state: State = "cell begins";
  /** The header's bytes, until its end has come; then undefined. */
  private header: Buffer[] | undefined = [];
  /** Of the row at hand, in the chunks before this one. */
  private rowBytes = 0;

  constructor(private readonly schema: RecordSchema) {
    super();
  }

  protected override take(chunk: Buffer): void {
    let { state } = this;
    let rowStart = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (state === "in quotes") {
        const end = chunk.indexOf(quote, at);
        if (end < 0) break;
        at = end;
        state = "after quote";
      } else if (byte === lineFeed || byte === carriageReturn) {
        this.endRow(chunk.subarray(rowStart, at));
        rowStart = at + 1;
        state = "cell begins";
      } else if (byte === comma) state = "cell begins";
      else if (byte === quote && state !== "in cell") state = "in quotes";
      else state = "in cell";
    }
    this.state = state;
    this.grow(chunk.subarray(rowStart));
  }

  protected override finish(): void {
    const row = this.rows + 1;
    if (this.state === "in quotes") {
      throw new Unfit(
        `ends within a quoted cell: it is cut off, or a quote of row ${row} is never closed`,
        row,
      );
    }
    this.endRow(Buffer.alloc(0));
    if (this.header) throw new Unfit("has no header: its first line must name the columns");
  }

  private grow(bytes: Buffer): void {
    this.rowBytes += bytes.length;
    if (this.rowBytes > maxRowBytes) {
      const row = this.rows + 1;
      throw new Unfit(`has more than 1 MB in row ${row}: a quote in it may never be closed`, row);
    }
    this.header?.push(bytes);
  }

  private endRow(bytes: Buffer): void {
    this.grow(bytes);
    if (this.rowBytes > 0 && this.header) {
      checkColumns(cellsOf(Buffer.concat(this.header)), this.schema);
      this.header = undefined;
    } else if (this.rowBytes > 0) this.rows += 1;
    this.rowBytes = 0;
  }
}

const cellsOf = (line: Buffer): string[] => parse(line, { bom: true, relax_quotes: true })[0] ?? [];
