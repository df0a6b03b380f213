import { randomUUID } from "node:crypto";
import * as v from "valibot";
import { type IngestResult } from "./landing";
import { readText, type Store } from "./store";

const leaseSchema = v.object({ run: v.string(), until: v.pipe(v.string(), v.isoTimestamp()) });

/** A run of a source, as far as others must not be at work meanwhile. */
interface Only {
  source: string;
  store: Pick<Store, "list" | "read" | "writeIf">;
  /** Milliseconds until Lambda ends the run. */
  remaining: () => number;
}

/**
 * Does `work` unless another run of the source is at it: two would land the same rows under two names. Who has the
 * lease `sources/<source>/lease.json` is at work; a run that is killed holds it until its time would have been over.
 * (Lambda's reserved concurrency would do the same, but new accounts have none to reserve.)
 */
export async function alone(
  { source, store, remaining }: Only,
  work: () => Promise<IngestResult>,
  now = () => new Date(),
): Promise<IngestResult> {
  const key = `sources/${source}/lease.json`;
  const busy = (what: string) => ({
    ...{ source, landed: [], setAside: [] },
    waiting: `another run of ${source} is at work${what}`,
  });
  const { lease, version } = await readLease(store, key);
  if (lease && new Date(lease.until) > now()) return busy(`, until ${lease.until} at the latest`);
  const run = randomUUID();
  const until = new Date(now().getTime() + remaining());
  const taken = await store.writeIf(key, JSON.stringify({ run, until }), version);
  if (taken === undefined) return busy("");
  try {
    return await work();
  } finally {
    const over = JSON.stringify({ run, until: now() });
    await store.writeIf(key, over, taken).catch(() => undefined); // else it runs out by itself
  }
}

async function readLease(store: Only["store"], key: string) {
  for await (const { key: found, etag: version } of store.list(key)) {
    if (found !== key) break;
    const text = await readText(store, key);
    const { success, output } = v.safeParse(v.pipe(v.string(), v.parseJson(), leaseSchema), text);
    return { version, lease: success ? output : undefined };
  }
  return { version: undefined, lease: undefined };
}
