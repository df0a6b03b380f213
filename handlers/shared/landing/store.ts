import { type Readable } from "node:stream";
import { type EventOf } from "../events";

/** An object as a listing knows it. */
export interface Listed {
  key: string;
  bytes: number;
  /** Of its content, without quotes. */
  etag: string;
  lastModified: Date;
}

/** What landing needs of the world: the data bucket, and somebody to tell. Keys are those of the data bucket. */
export interface Store {
  exists(key: string): Promise<boolean>;
  /** Undefined when there is no such object. */
  read(key: string): Promise<Readable | undefined>;
  /** `end` is the first byte that is not wanted; negative `start`s are not used. */
  readRange(key: string, start: number, end: number): Promise<ArrayBuffer>;
  /** Whole or not at all: when `body` fails, there is no object. */
  write(key: string, body: Readable | string): Promise<void>;
  /**
   * The same for a small object of which nobody else has written another version since `version` (its `etag`; undefined:
   * there was none). @returns the new version, or undefined when somebody has.
   */
  writeIf(key: string, text: string, version: string | undefined): Promise<string | undefined>;
  remove(key: string): Promise<void>;
  /** In order of their keys. */
  list(prefix: string): AsyncIterable<Listed>;
  /** Tells the subscribers. */
  announce(event: EventOf<"data.rejected">): Promise<void>;
  readonly stack: string;
}

/** The text of a small object, or undefined when there is none. */
export async function readText(store: Pick<Store, "read">, key: string): Promise<string | undefined> {
  const body = await store.read(key);
  if (!body) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
