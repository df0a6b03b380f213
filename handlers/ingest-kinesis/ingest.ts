import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import * as v from "valibot";
import { type Ingest } from "../shared/landing/entry";
import { type IngestResult, land, type Landed, nameOf, type SetAside } from "../shared/landing/landing";
import { type RecordCheck } from "../shared/record-check";
import { type Rejected, reasonsOf, sortFailed } from "./failed";

/**
 * Lands what Firehose has delivered. The objects under `incoming/<source>/records/` are lines that
 * handlers/transform-kinesis has checked; each is landed when S3 tells of it, and by the next scheduled run if that
 * failed. Those under `incoming/<source>/failed/` hold the records that it has not passed on: a scheduled run gathers
 * them, lands the ones that fit after all, and keeps and announces the others. What is dealt with is removed.
 */

const created = v.object({
  "detail-type": v.literal("Object Created"),
  detail: v.object({ object: v.object({ key: v.string() }) }),
});

/** A run ends, and says that more waits, when less than this is left of Lambda's time. */
const reserveMilliseconds = 60_000;

export type Delivered = Pick<Ingest<object>, "source" | "bucket" | "store" | "remaining">;

export async function ingest(
  delivered: Delivered,
  event: unknown,
  check: RecordCheck,
): Promise<IngestResult> {
  const told = v.safeParse(created, event);
  const run = new Run(delivered, check);
  await (told.success ? run.land(told.output.detail.object.key) : run.all());
  return run.result;
}

class Run {
  readonly result: IngestResult;
  private readonly prefix: string;

  constructor(
    private readonly delivered: Delivered,
    private readonly check: RecordCheck,
  ) {
    this.prefix = `incoming/${delivered.source}/`;
    this.result = { source: delivered.source, landed: [], setAside: [] };
  }

  async all(): Promise<void> {
    for await (const key of this.keys("records/")) await this.land(key);
    const refused: Refused[] = [];
    for await (const key of this.keys("failed/")) {
      const one = await this.sort(key);
      if (one) refused.push(one);
    }
    if (refused.length > 0) await this.announce(refused);
  }

  private async *keys(folder: string): AsyncGenerator<string> {
    for await (const { key } of this.delivered.store.list(this.prefix + folder)) {
      if (this.delivered.remaining() < reserveMilliseconds) {
        this.result.waiting = "there are more objects than one run can land; the next one goes on";
        return;
      }
      yield key;
    }
  }

  async land(key: string): Promise<void> {
    const { store } = this.delivered;
    const identity = this.identity(key);
    const body = identity && (await store.read(key));
    if (!body) return; // or another run was quicker
    this.keep(await land(store, { ...identity, gzip: key.endsWith(".gz"), body }));
    await store.remove(key);
  }

  /** Lands the good records of an error object; the others are written below `rejected/`, and returned. */
  private async sort(key: string): Promise<Refused | undefined> {
    const { store } = this.delivered;
    const known = this.identity(key);
    const body = known && (await store.read(key));
    if (!body) return undefined;
    const { recovered, rejected } = sortFailed(await buffer(body), this.check);
    const identity = { ...known, gzip: false };
    if (recovered.length > 0) {
      const lines = Readable.from([Buffer.from(`${recovered.join("\n")}\n`)], { objectMode: false });
      this.keep(await land(store, { ...identity, body: lines }));
    }
    if (rejected.length === 0) {
      await store.remove(key);
      return undefined;
    }
    const object = `rejected/${identity.source}/${identity.date}/${identity.name}.jsonl`;
    await store.write(object, rejected.map((record) => `${JSON.stringify(record)}\n`).join(""));
    return { key, object, origin: identity.origin, rejected, read: recovered.length + rejected.length };
  }

  /** One event for all; only then are the error objects removed, so that none goes unsaid. */
  private async announce(refused: Refused[]): Promise<void> {
    const { store, source } = this.delivered;
    const records = refused.flatMap(({ rejected }) => rejected);
    const at = new Date().toISOString();
    const [first] = refused;
    await store.announce({
      kind: "data.rejected",
      stack: store.stack,
      severity: "warning",
      time: at,
      id: `${source}/${createHash("sha256")
        .update(refused.map(({ key }) => key).join("\n"))
        .digest("hex")}`,
      detail: {
        reason: reasonsOf(records),
        rejected: records.length,
        read: refused.reduce((sum, { read }) => sum + read, 0),
        source,
        origin: first!.origin,
        object: first!.object,
      },
    });
    for (const { key, object, origin, rejected } of refused) {
      const reason = reasonsOf(rejected);
      const note = { source, object, origin, reason, rejected: rejected.length, at };
      await store.write(`${object}.reason.json`, JSON.stringify(note, null, 2));
      await store.remove(key);
      this.result.setAside.push({ object, origin, reason });
    }
  }

  private keep(outcome: Landed | SetAside | "already"): void {
    if (outcome === "already") return;
    if ("sha256" in outcome) this.result.landed.push(outcome);
    else this.result.setAside.push(outcome);
  }

  /** By the object's key, which Firehose never gives twice: `incoming/<source>/.../2026-11-24/<name>.gz`. */
  private identity(key: string) {
    const { source, bucket } = this.delivered;
    const origin = `s3://${bucket}/${key}`;
    const [date = "", file = ""] = key.split("/").slice(-2);
    if (key.startsWith(this.prefix) && /^\d{4}-\d{2}-\d{2}$/.test(date) && file !== "") {
      const time = /\d{4}(-\d\d){5}/.exec(file)?.[0] ?? ""; // of the first record, as Firehose names objects
      const name = nameOf(`records-${time}`, key);
      return { source, name, date, format: "jsonl" as const, origin };
    }
    const reason = `${origin} was not written by Firehose: move it away, files of your own go to a source of kind s3`;
    this.result.setAside.push({ object: key, origin, reason });
    return undefined;
  }
}

interface Refused {
  key: string;
  object: string;
  origin: string;
  rejected: Rejected[];
  read: number;
}
