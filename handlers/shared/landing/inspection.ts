import { once } from "node:events";
import { type Duplex, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type RecordSchema } from "../schema";
import { CsvReader } from "./csv";
import { JsonLinesReader } from "./jsonl";
import { type ByteSource, checkMagic, readFooter } from "./parquet";
import { Unfit } from "./shape";
import { type TextReader } from "./text";

/** Reads an input while its bytes are on their way elsewhere. */
export interface Inspection {
  /** Resolves when the next chunk may come. Never fails: what follows a fault is not looked at. */
  write(chunk: Buffer): Promise<void>;
  /**
   * The number of rows, once all is written; `whole` is then that all, where it can be read again.
   * @throws Unfit
   */
  end(whole: ByteSource): Promise<number>;
  /** Whether a fault is known already, which `end` will say. */
  readonly failed: boolean;
}

/** CSV or JSON Lines, perhaps compressed: read as it goes by. */
export class TextInspection implements Inspection {
  failed = false;
  private readonly entry: Writable;
  private readonly done: Promise<unknown>;

  constructor(
    private readonly reader: TextReader,
    gzip: boolean,
  ) {
    const gunzip: Duplex | undefined = gzip ? createGunzip() : undefined;
    this.entry = gunzip ?? reader;
    this.done = gunzip ? pipeline(gunzip, reader) : finished(reader);
    this.done.catch(() => (this.failed = true)); // `end` says why
  }

  async write(chunk: Buffer): Promise<void> {
    if (this.failed || this.entry.destroyed || this.entry.write(chunk)) return;
    await Promise.race([once(this.entry, "drain"), this.done]).catch(() => undefined);
  }

  async end(): Promise<number> {
    if (!this.entry.destroyed) this.entry.end();
    try {
      await this.done;
    } catch (error) {
      throw asUnfit(error);
    }
    return this.reader.rows;
  }
}

/** Parquet: the footer, which comes last, says all. */
export class ParquetInspection implements Inspection {
  private fault: Error | undefined;
  private begun = false;

  constructor(private readonly schema: RecordSchema) {}

  get failed(): boolean {
    return this.fault !== undefined;
  }

  write(chunk: Buffer): Promise<void> {
    try {
      if (!this.begun) checkMagic(chunk);
    } catch (error) {
      this.fault = error as Error;
    }
    this.begun = true;
    return Promise.resolve();
  }

  async end(whole: ByteSource): Promise<number> {
    if (this.fault) throw this.fault;
    return readFooter(whole, this.schema);
  }
}

export function inspect(
  format: "csv" | "jsonl" | "parquet",
  gzip: boolean,
  schema: RecordSchema,
): Inspection {
  if (format === "parquet") return new ParquetInspection(schema);
  return new TextInspection(format === "csv" ? new CsvReader(schema) : new JsonLinesReader(schema), gzip);
}

/** zlib's errors in words for people; others are Slipway's own and stay what they are. */
function asUnfit(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR") return new Unfit("is a gzip file that is cut off: send it again as a whole");
  if (code?.startsWith("Z_")) return new Unfit(`is no sound gzip file (${message})`);
  return error;
}
