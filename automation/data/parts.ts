import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { throwIfInterrupted } from "../interrupt";

/** One file of a snapshot. */
export interface Part {
  /** `part-00000.csv` and so on, in the order of the rows. */
  name: string;
  /** SHA-256 of the content, hexadecimal. */
  sha256: string;
  /** Bytes. */
  size: number;
}

/** A file of rows, in which a number goes before each row: a 1 and then so many digits. */
export interface TaggedRows {
  file: string;
  digits: number;
}

/** Bytes of a part: several instances of a processing job share the parts out. */
const partBytes = 32 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
const [newline, quote, zero] = [0x0a, 0x22, 0x30];

/**
 * Puts the rows of a sorted file into the parts of a snapshot, each row once: CSV files in `folder`, each with the header.
 * Rows without text are counted only. The same rows are always in the same parts.
 * @param count is told of each row, whatever becomes of it.
 */
export async function writeParts(
  rows: TaggedRows,
  header: string,
  folder: string,
  count: (tag: number, isKept: boolean) => void,
  bytes = partBytes,
): Promise<Part[]> {
  await mkdir(folder, { recursive: true });
  const parts = new PartWriter(folder, `${header}\n`);
  const width = rows.digits + 1;
  let before: Buffer = Buffer.alloc(0);
  for await (const { chunk, ends } of wholeRows(rows.file)) {
    throwIfInterrupted();
    let start = 0; // of a row
    let kept = 0; // bytes of the rows to write, which move to the front of the chunk
    let written = 0; // of those
    let last = before;
    for (const end of ends) {
      const text = start + width;
      const isKept = end - text > 1 && !isSame(chunk, text, end, last);
      count(numberAt(chunk, start + 1, text), isKept);
      if (isKept) {
        chunk.copyWithin(kept, text, end);
        last = chunk.subarray(kept, (kept += end - text));
        if (parts.size + kept - written >= bytes) {
          await parts.write(chunk.subarray(written, kept));
          await parts.close();
          written = kept;
        }
      }
      start = end;
    }
    if (kept > written) await parts.write(chunk.subarray(written, kept));
    before = Buffer.from(last);
  }
  await parts.close();
  return parts.done;
}

const isSame = (chunk: Buffer, start: number, end: number, other: Buffer) =>
  end - start === other.length && chunk.compare(other, 0, other.length, start, end) === 0;

function numberAt(chunk: Buffer, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at += 1) number = number * 10 + chunk[at]! - zero;
  return number;
}

/** Writes one part after the other. */
class PartWriter {
  readonly done: Part[] = [];
  /** Bytes of the part at hand, 0 when it has no row. */
  size = 0;
  private part: { file: FileHandle; hash: Hash } | undefined;

  constructor(
    private readonly folder: string,
    private readonly header: string,
  ) {}

  async write(rows: Buffer): Promise<void> {
    this.part ??= await this.begin();
    this.part.hash.update(rows);
    await this.part.file.writeFile(rows);
    this.size += rows.length;
  }

  async close(): Promise<void> {
    if (!this.part) return;
    await this.part.file.close();
    this.done.push({ name: this.name, sha256: this.part.hash.digest("hex"), size: this.size });
    this.part = undefined;
    this.size = 0;
  }

  private get name() {
    return `part-${String(this.done.length).padStart(5, "0")}.csv`;
  }

  private async begin() {
    const file = await open(join(this.folder, this.name), "w");
    await file.writeFile(this.header);
    this.size = Buffer.byteLength(this.header);
    return { file, hash: createHash("sha256").update(this.header) };
  }
}

/** Every so many-th row of CSV files that have one header, with that header: a sample that the rows alone decide. */
export async function* everyRow(files: string[], step: number): AsyncGenerator<Buffer> {
  let index = 0;
  for (const [place, file] of files.entries()) {
    let isHeader = true;
    for await (const { chunk, ends } of wholeRows(file)) {
      let start = 0;
      let kept = 0;
      for (const end of ends) {
        if (isHeader ? place === 0 : index++ % step === 0) {
          chunk.copyWithin(kept, start, end);
          kept += end - start;
        }
        isHeader = false;
        start = end;
      }
      yield chunk.subarray(0, kept);
    }
  }
}

/** A CSV file, some rows at a time, and where each of them ends. A line break within quotes ends no row. */
async function* wholeRows(file: string): AsyncGenerator<{ chunk: Buffer; ends: number[] }> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const read of createReadStream(file, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    const chunk = Buffer.concat([rest, read]);
    const ends = rowEnds(chunk);
    rest = Buffer.from(chunk.subarray(ends.at(-1) ?? 0));
    yield { chunk, ends };
  }
}

function rowEnds(chunk: Buffer): number[] {
  const ends: number[] = [];
  let quoteAt = chunk.indexOf(quote);
  let isQuoted = false;
  for (let end = chunk.indexOf(newline) + 1; end > 0; end = chunk.indexOf(newline, end) + 1) {
    for (; quoteAt >= 0 && quoteAt < end; quoteAt = chunk.indexOf(quote, quoteAt + 1)) isQuoted = !isQuoted;
    if (!isQuoted) ends.push(end);
  }
  return ends;
}
