import { Writable } from "node:stream";
import { Unfit } from "./shape";

/** Of one row. What is longer is hardly a row, but a file with a quote that is never closed or without line ends. */
export const maxRowBytes = 1024 * 1024;

/** Counts the rows of the text that is written to it; fails with Unfit when the text has not the schema's shape. */
export abstract class TextReader extends Writable {
  rows = 0;
  private begun = false;

  /** Looks at the next bytes. */
  protected abstract take(chunk: Buffer): void;

  /** All bytes, at least one, have come. */
  protected abstract finish(): void;

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    attempt(done, () => {
      if (!this.begun) refuseOtherThanText(chunk);
      this.begun = true;
      this.take(chunk);
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    attempt(done, () => {
      if (!this.begun) throw new Unfit("is empty");
      this.finish();
    });
  }
}

/** A stream's work, whose errors go to its callback. */
function attempt(done: (error?: Error | null) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done();
}

/** How what is often taken for a text file of records begins, in Latin-1, and what to say of it. */
const others: { begins: string[]; reason: string }[] = [
  {
    begins: ["\x1f\x8b"],
    reason: "is compressed with gzip, which its name or its headers do not say: end its name in .gz",
  },
  { begins: ["PAR1"], reason: "is a Parquet file, which its name does not say: end its name in .parquet" },
  { begins: ["PK\x03\x04"], reason: "is a zip or Excel file: save it as CSV" },
  { begins: ["\xff\xfe", "\xfe\xff"], reason: "is UTF-16 text: save it as UTF-8" },
  { begins: ["<"], reason: "is HTML or XML, such as an error or a login page" },
];

function refuseOtherThanText(chunk: Buffer): void {
  const begin = chunk.toString("latin1", 0, 1000).replace(/^(\xef\xbb\xbf)?\s*/, "");
  const other = others.find(({ begins }) => begins.some((bytes) => begin.startsWith(bytes)));
  if (other) throw new Unfit(other.reason);
}
