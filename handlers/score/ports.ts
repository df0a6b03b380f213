import { type Batch } from "../shared/batches/batch";
import { type Batches } from "../shared/batches/batch-table";
import { type EventOf } from "../shared/events";
import { type Log } from "../shared/log";
import { type ModelAnswer } from "../shared/model-answer";
import { type RecordSchema } from "../shared/schema";
import { type RowReader } from "./rows";

/** An object that is being written: it is there, whole, when it is closed. */
export interface ObjectWriter {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** The data bucket, as far as batches need it. */
export interface Objects {
  /** @param version undefined for the one at hand. */
  read(key: string, version?: string): Promise<AsyncIterable<Buffer>>;
  write(key: string, text: string): Promise<void>;
  writer(key: string): ObjectWriter;
}

/** What scoring needs of the world. */
export interface Ports {
  stack: string;
  schema: RecordSchema;
  target: { name: string; unit: string };
  reader: RowReader;
  batches: Batches;
  objects: Objects;
  /** The model that the program has made of the release that it serves; empty when it serves none. */
  served: { model: string; release: string };
  /** Files up to this size are answered by the endpoint. */
  endpointBytes: number;
  /** Asks the endpoint, with a body of JSON. */
  invoke(body: string): Promise<ModelAnswer>;
  /** Begins the transform job of the batch, unless there is one already, and tells its name. */
  transform(batch: Batch, release: string): Promise<string>;
  announce(event: EventOf<"batch.completed"> | EventOf<"batch.failed">): Promise<void>;
  log: Log;
  now(): Date;
  /** Before the endpoint is asked a second time; then twice as long each time. */
  retryMilliseconds: number;
}

/** One run of the Lambda. */
export interface Run {
  /** Stays the same when Lambda runs it again. */
  id: string;
  /** Milliseconds until Lambda ends it. */
  remaining(): number;
}
