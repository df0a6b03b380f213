import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { type EventOf } from "../../../../handlers/shared/events";
import { type Listed, type Store } from "../../../../handlers/shared/landing/store";

/** A data bucket in memory, which remembers in which order it was changed. */
export class MemoryStore implements Store {
  readonly stack = "dev";
  readonly objects = new Map<string, Buffer>();
  readonly events: EventOf<"data.rejected">[] = [];
  /** `write KEY`, `remove KEY`, `announce`. */
  readonly changes: string[] = [];
  /** Fails the change that this returns an error for. */
  fault: (change: string) => Error | undefined = () => undefined;

  private change(change: string): void {
    const error = this.fault(change);
    if (error) throw error;
    this.changes.push(change);
  }

  exists = (key: string) => Promise.resolve(this.objects.has(key));

  read(key: string): Promise<Readable | undefined> {
    const bytes = this.objects.get(key);
    return Promise.resolve(bytes && Readable.from([bytes], { objectMode: false }));
  }

  readRange(key: string, start: number, end: number): Promise<ArrayBuffer> {
    return Promise.resolve(new Uint8Array(this.objects.get(key)!.subarray(start, end)).buffer);
  }

  async write(key: string, body: Readable | string): Promise<void> {
    const chunks: Buffer[] = [];
    if (typeof body === "string") chunks.push(Buffer.from(body));
    else for await (const chunk of body) chunks.push(chunk as Buffer);
    this.change(`write ${key}`);
    this.objects.set(key, Buffer.concat(chunks));
  }

  writeIf(key: string, text: string, version: string | undefined): Promise<string | undefined> {
    if (version !== this.etag(key)) return Promise.resolve(undefined);
    this.change(`write ${key}`);
    this.objects.set(key, Buffer.from(text));
    return Promise.resolve(this.etag(key));
  }

  /** Of the object's content, as S3's. */
  private etag(key: string): string | undefined {
    const bytes = this.objects.get(key);
    return bytes && createHash("md5").update(bytes).digest("hex");
  }

  remove(key: string): Promise<void> {
    this.change(`remove ${key}`);
    this.objects.delete(key);
    return Promise.resolve();
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    for (const key of [...this.objects.keys()].sort()) {
      if (!key.startsWith(prefix)) continue;
      yield await Promise.resolve({
        ...{ key, bytes: this.objects.get(key)!.length, etag: this.etag(key)!, lastModified: new Date() },
      });
    }
  }

  announce(event: EventOf<"data.rejected">): Promise<void> {
    this.change("announce");
    this.events.push(event);
    return Promise.resolve();
  }

  /** Of an object, as text. */
  text = (key: string) => this.objects.get(key)?.toString();

  /** Of an object, as JSON. */
  json = (key: string) => JSON.parse(this.text(key) ?? "null") as Record<string, unknown>;
}
