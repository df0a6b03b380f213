import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { land, type Format } from "../../handlers/shared/landing/landing";
import { type Store } from "../../handlers/shared/landing/store";

/**
 * How fast a file is landed, and in how much memory: the core alone, with a store that throws the bytes away. The file is
 * the taxi trips over and over.
 *
 *     npx tsx bench/sources/files.ts [csv|csv.gz|jsonl] [megabytes]
 */

const [kind = "csv", megabytes = "5000"] = process.argv.slice(2);
const trips = readFileSync(join(__dirname, "../../data/taxis.csv"));
const headerEnd = trips.indexOf("\n") + 1;

function block(): { header: Buffer; rows: Buffer } {
  const rows = trips.subarray(headerEnd);
  if (kind !== "jsonl") return { header: trips.subarray(0, headerEnd), rows };
  const record = { pickup: "2019-03-23 20:21:09", passengers: 1, distance: 1.6, fare: 7, color: "yellow" };
  return { header: Buffer.alloc(0), rows: Buffer.from(`${JSON.stringify(record)}\n`.repeat(8000)) };
}

/** In pieces as S3 sends them. */
function* file(bytes: number): Generator<Buffer> {
  const { header, rows } = block();
  const zip = (plain: Buffer) => (kind === "csv.gz" ? gzipSync(plain) : plain);
  const piece = 64 * 1024;
  if (header.length > 0) yield zip(header);
  const body = zip(rows);
  for (let sent = 0; sent < bytes; sent += body.length) {
    for (let at = 0; at < body.length; at += piece) yield body.subarray(at, at + piece);
  }
}

let peak = 0;
const nowhere: Store = {
  stack: "bench",
  exists: () => Promise.resolve(false),
  read: () => Promise.resolve(undefined),
  readRange: () => Promise.resolve(new ArrayBuffer(0)),
  remove: () => Promise.resolve(),
  writeIf: () => Promise.resolve(undefined),
  announce: () => Promise.resolve(),
  async *list() {
    // empty
  },
  async write(_, body) {
    if (typeof body === "string") return;
    const sink = new Writable({
      write(chunk, encoding, done) {
        peak = Math.max(peak, process.memoryUsage().rss);
        done();
      },
    });
    await pipeline(body, sink);
  },
};

async function main(): Promise<void> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  const body = Readable.from(file(Number(megabytes) * 1e6), { objectMode: false });
  const [ending = "", gz] = kind.split(".");
  const common = { source: "bench", name: "file", date: "2019-03-01", origin: "bench" };
  const outcome = await land(nowhere, { ...common, format: ending as Format, gzip: gz === "gz", body });
  if (outcome === "already" || !("rows" in outcome)) throw new Error(JSON.stringify(outcome));
  const seconds = (performance.now() - begin) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${kind}: ${Math.round(outcome.bytes / 1e6)} MB, ${outcome.rows} rows in ${seconds.toFixed(1)} s: ` +
      `${Math.round(outcome.bytes / 1e6 / seconds)} MB/s (${Math.round(outcome.bytes / (user + system))} MB a second of processor time), ` +
      `${Math.round(outcome.rows / seconds)} rows/s, ${Math.round(peak / 1e6)} MB resident at most`,
  );
}

void main();
