/**
 * A snapshot of millions of landed rows: checked, deduplicated, ordered, written, hashed and profiled, from files that are on
 * this machine already. Beside it, on a tenth of the rows, what reading them alone takes with csv-parse. Prints rows a
 * second, and the most memory that this process had.
 *
 *     npx tsx bench/sources/snapshot.ts [rows]
 */
import { parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consolidate } from "../../automation/data/consolidate";
import { withEngine } from "../../automation/data/engine";
import { projectRoot } from "../../automation/project";
import { recordSchema } from "../../handlers/shared/schema";

const rows = Number(process.argv[2] ?? 10_000_000);

/** The sample's trips again and again, each time some seconds later. */
async function makeTrips(file: string, count: number, folder: string): Promise<void> {
  const trips = join(projectRoot, "data", "taxis.csv");
  const later = "strftime(CAST(pickup AS TIMESTAMP) + to_seconds(n * 7), '%Y-%m-%d %H:%M:%S') AS pickup";
  await withEngine(folder, async (engine) => {
    await engine.run(
      `COPY (SELECT ${later}, * EXCLUDE (pickup, n) FROM read_csv('${trips}', all_varchar = true), ` +
        `range(${Math.ceil(count / 6433)}) AS times(n) LIMIT ${count}) TO '${file}' (HEADER)`,
    );
  });
}

async function timed<T>(what: string, count: number, bytes: number, work: () => Promise<T>): Promise<T> {
  let peak = 0;
  const look = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 50);
  const began = performance.now();
  const processor = process.cpuUsage();
  const result = await work();
  clearInterval(look);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(processor);
  const figures = [
    `${count.toLocaleString("en")} rows (${Math.round(bytes / 1e6)} MB) in ${seconds.toFixed(1)} s`,
    `${Math.floor(count / seconds).toLocaleString("en")} rows/s`,
    `${((user + system) / 1e6).toFixed(1)} s of processor time`,
    `peak memory ${Math.round(peak / 1e6)} MB`,
  ];
  console.log(`${what}: ${figures.join(", ")}`);
  return result;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const path = join(folder, "trips.csv");
    await makeTrips(path, rows, folder);
    const { size } = await stat(path);
    const made = await timed("snapshot", rows, size, async () => {
      const work = join(folder, "work");
      await mkdir(work);
      const found = await consolidate([{ path, key: "raw/trips.csv" }], recordSchema, work);
      return { ...found.rows, parts: found.parts.length };
    });
    console.log(JSON.stringify(made));
    const part = join(folder, "part.csv");
    await makeTrips(part, rows / 10, folder);
    const { size: partSize } = await stat(part);
    await timed("csv-parse, reading alone", rows / 10, partSize, async () => {
      let count = 0;
      for await (const row of createReadStream(part).pipe(parse({ columns: true }))) if (row) count += 1;
      return count;
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

void main();
