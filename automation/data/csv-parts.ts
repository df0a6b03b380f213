import { createReadStream } from "node:fs";

const quote = 0x22;
const newline = 0x0a;

/**
 * Cuts a CSV file into parts of whole rows, each with the file's header. The same file always has the same parts.
 * @param bytes about the size of a part; twice that much is in memory at a time.
 */
export async function* csvParts(file: string, bytes: number): AsyncGenerator<Buffer> {
  let header: Buffer | undefined;
  let rows: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: bytes }) as AsyncIterable<Buffer>) {
    rows = Buffer.concat([rows, chunk]);
    if (!header) {
      const end = firstRowEnd(rows);
      if (end === 0) continue;
      header = rows.subarray(0, end);
      rows = rows.subarray(end);
    }
    const end = rows.length < bytes ? 0 : lastRowEnd(rows);
    if (end === 0) continue;
    yield Buffer.concat([header, rows.subarray(0, end)]);
    rows = rows.subarray(end);
  }
  if (header && rows.length > 0) yield Buffer.concat([header, rows]);
}

/** Behind the first row of what begins with one, 0 for none. A line break within quotes ends no row. */
function firstRowEnd(rows: Buffer): number {
  let end = rows.indexOf(newline) + 1;
  while (end > 0 && quotesIn(rows, 0, end) % 2 === 1) end = rows.indexOf(newline, end) + 1;
  return end;
}

/** Behind the last row that is whole. */
function lastRowEnd(rows: Buffer): number {
  let end = rows.lastIndexOf(newline) + 1;
  let quotes = quotesIn(rows, 0, end);
  while (end > 0 && quotes % 2 === 1) {
    const earlier = end < 2 ? 0 : rows.lastIndexOf(newline, end - 2) + 1;
    quotes -= quotesIn(rows, earlier, end);
    end = earlier;
  }
  return end;
}

function quotesIn(rows: Buffer, start: number, end: number): number {
  let count = 0;
  for (let at = rows.indexOf(quote, start); at >= 0 && at < end; at = rows.indexOf(quote, at + 1)) count += 1;
  return count;
}
