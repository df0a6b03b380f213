import { TransferError } from "../aws/s3";

const newline = 0x0a;

/** How the records of a file go into requests. */
export interface Batching {
  /** Line: a record is a line, with its line break. None: the whole file is one. */
  split: "Line" | "None";
  strategy: "SingleRecord" | "MultiRecord";
  maxBytes: number;
}

/**
 * Bodies of requests, made of a file's chunks. Of the file no more than one body and one chunk is held at a time.
 * @throws TransferError when one record is larger than a body may be.
 */
export function batches(
  chunks: AsyncIterable<Buffer>,
  { split, strategy, maxBytes }: Batching,
): AsyncGenerator<Buffer> {
  if (split === "None") return whole(chunks, maxBytes);
  return strategy === "SingleRecord" ? lines(chunks, maxBytes) : packedLines(chunks, maxBytes);
}

/** As many lines as fit into each body, copied chunk by chunk: a buffer for each line would cost many times its size. */
async function* packedLines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let body = Buffer.allocUnsafe(maxBytes);
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length;) {
      if (bytes === maxBytes) {
        const end = body.lastIndexOf(newline) + 1; // of the last whole line
        if (end === 0) requireSize(maxBytes + 1, maxBytes);
        const next = Buffer.allocUnsafe(maxBytes);
        bytes = body.copy(next, 0, end);
        yield body.subarray(0, end);
        body = next;
      }
      const copied = chunk.copy(body, bytes, start);
      bytes += copied;
      start += copied;
    }
  }
  if (bytes > 0) yield body.subarray(0, bytes);
}

async function* lines(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end + 1);
      requireSize(begunBytes + piece.length, maxBytes);
      yield begunBytes > 0 ? Buffer.concat([...begun, piece]) : piece;
      [begun, begunBytes, start] = [[], 0, end + 1];
    }
    if (start === chunk.length) continue;
    begun.push(chunk.subarray(start));
    begunBytes += chunk.length - start;
    requireSize(begunBytes, maxBytes);
  }
  if (begunBytes > 0) yield Buffer.concat(begun);
}

async function* whole(chunks: AsyncIterable<Buffer>, maxBytes: number): AsyncGenerator<Buffer> {
  const body: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    requireSize(bytes, maxBytes);
    body.push(chunk);
  }
  if (bytes > 0) yield Buffer.concat(body);
}

function requireSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new TransferError(
    `a record has more than the ${maxBytes} bytes of a request (MaxPayloadInMB). Raise MaxPayloadInMB, or split the input by lines (SplitType Line)`,
  );
}
