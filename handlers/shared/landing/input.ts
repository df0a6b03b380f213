import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { type Inspection } from "./inspection";
import { type ByteSource } from "./parquet";
import { Unfit } from "./shape";

/** Looked at before anything is written: most faults are found here, and a small file is known whole. */
const headBytes = 8 * 1024 * 1024;

/** An input on its way through: measured and inspected once, in constant memory. */
export class Input {
  bytes = 0;
  private readonly hash = createHash("sha256");
  private readonly chunks: AsyncIterator<Buffer, undefined>;
  private head: Buffer = Buffer.alloc(0);
  private ended = false;
  private outcome: Promise<number | Unfit> | undefined;

  constructor(
    body: Readable,
    private readonly inspection: Inspection,
  ) {
    this.chunks = (body as AsyncIterable<Buffer, undefined>)[Symbol.asyncIterator]();
  }

  /** Whether a fault is already in the first bytes. Call it first, once. */
  async peek(): Promise<Unfit | undefined> {
    const begin: Buffer[] = [];
    while (!this.ended && this.bytes < headBytes) {
      const chunk = await this.next();
      if (chunk) begin.push(chunk);
    }
    this.head = Buffer.concat(begin);
    if (this.bytes > 0) await this.inspection.write(this.head);
    if (!this.ended && !this.inspection.failed) return undefined;
    const outcome = await this.end(inMemory(this.head));
    return outcome instanceof Unfit ? outcome : undefined;
  }

  /** All bytes, from the first. */
  content(): Readable {
    return Readable.from(this.passOn(), { objectMode: false });
  }

  /** The number of rows, once all of `content` was read; `whole` is what it was written to. */
  async rows(whole: ByteSource): Promise<number | Unfit> {
    return this.end(this.ended && this.bytes === this.head.length ? inMemory(this.head) : whole);
  }

  /** Of all bytes; ask once, at the end. */
  sha256(): string {
    return this.hash.digest("hex");
  }

  private end(whole: ByteSource): Promise<number | Unfit> {
    this.outcome ??= this.inspection.end(whole).catch((error: unknown) => {
      if (error instanceof Unfit) return error;
      throw error;
    });
    return this.outcome;
  }

  private async *passOn(): AsyncGenerator<Buffer> {
    yield this.head;
    while (!this.ended) {
      const chunk = await this.next();
      if (!chunk) return;
      await this.inspection.write(chunk);
      yield chunk;
    }
  }

  private async next(): Promise<Buffer | undefined> {
    const next = await this.chunks.next();
    if (next.done) {
      this.ended = true;
      return undefined;
    }
    const chunk = next.value;
    this.hash.update(chunk);
    this.bytes += chunk.length;
    return chunk;
  }
}

const inMemory = (bytes: Buffer): ByteSource => ({
  byteLength: bytes.length,
  // a copy of its own memory: hyparquet reads the buffer behind it from the start
  slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
});
