import { type Ingest } from "../shared/landing/entry";
import { type Identity, type IngestResult, isDone, land, type Position } from "../shared/landing/landing";
import { readText } from "../shared/landing/store";

/** What MANIFEST VERBOSE writes, as far as it matters here. */
interface Manifest {
  entries: { url: string; meta: { content_length: number; record_count: number } }[];
}

interface Window extends Position {
  at: string;
}

/** What is left for the next run when less time is left in this one. */
const reserveMs = 60_000;

/**
 * Lands the files of an UNLOAD, as far as there is time, into the folder of the window's day.
 * @param prefix where UNLOAD has written to.
 * @returns what is left.
 */
export async function landUnloaded(
  ingest: Ingest<unknown>,
  prefix: string,
  window: Window,
  result: IngestResult,
): Promise<string | undefined> {
  const { bucket, store } = ingest;
  const text = await readText(store, `${prefix}manifest`);
  if (text === undefined)
    throw new Error(`s3://${bucket}/${prefix}manifest is not there, though UNLOAD has ended.`);
  const { entries } = JSON.parse(text) as Manifest;
  for (const [index, { url, meta }] of entries.entries()) {
    if (ingest.remaining() < reserveMs)
      return `${entries.length - index} of ${entries.length} files of an UNLOAD`;
    await landFile(ingest, identityOf(ingest.source, url, prefix, window), meta.record_count, result);
  }
  return undefined;
}

function identityOf(source: string, url: string, prefix: string, { at, from, to }: Window): Identity {
  const window = prefix.split("/").at(-2) ?? "";
  const file =
    url
      .split("/")
      .at(-1)
      ?.replace(/\.parquet$/, "") ?? "";
  const date = at.slice(0, 10);
  return {
    source,
    name: `${window}-${file}`,
    date,
    format: "parquet",
    gzip: false,
    origin: url,
    position: { from, to },
  };
}

async function landFile(
  { bucket, log, store }: Ingest<unknown>,
  identity: Identity,
  expected: number,
  result: IngestResult,
): Promise<void> {
  if (await isDone(store, identity)) return;
  const body = await store.read(identity.origin.slice(`s3://${bucket}/`.length));
  if (!body) throw new Error(`${identity.origin} is not there, though the manifest of its UNLOAD names it.`);
  const outcome = await land(store, { ...identity, format: "parquet", body });
  if (outcome === "already") return;
  if (!("rows" in outcome)) {
    result.setAside.push(outcome);
    return;
  }
  if (outcome.rows !== expected)
    log.error("a file has not the rows that its manifest says", {
      object: outcome.object,
      rows: outcome.rows,
      expected,
    });
  result.landed.push(outcome);
}
