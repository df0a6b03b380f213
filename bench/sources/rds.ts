/**
 * How fast and in how much memory a source of the kind `rds` lands rows, on a real PostgreSQL of the laptop target:
 *
 *     node --import tsx bench/sources/rds.ts [rows, default 1000000] [postgres (default) or mysql (MariaDB in Docker)]
 *
 * Each figure is of a process of its own, which writes what it lands to files. The peer reads the same rows with the same
 * driver in the usual way: one query, whose answer is an array.
 */
import { spawnSync } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Client } from "pg";
import { ingest } from "../../handlers/ingest-rds/ingest";
import { connectMysql } from "../../handlers/ingest-rds/mysql";
import { connectPostgres } from "../../handlers/ingest-rds/postgres";
import { type StateStore } from "../../handlers/ingest-rds/state";
import { land } from "../../handlers/shared/landing/landing";
import { type Store } from "../../handlers/shared/landing/store";
import { recordSchema } from "../../handlers/shared/schema";
import { type Server, startMariaDb, startPostgres } from "../../test/local/ingest-rds/servers";

const columns = Object.keys(recordSchema.properties).join(", ");
type Place = Pick<Server, "engine" | "port" | "database" | "credentials">;

/** A data bucket that is a folder. */
function folderStore(folder: string): Store {
  const path = (key: string) => join(folder, key);
  return {
    stack: "bench",
    exists: (key) => Promise.resolve(existsSync(path(key))),
    read: async (key) => (existsSync(path(key)) ? Readable.from([await readFile(path(key))]) : undefined),
    readRange: () => Promise.reject(new Error("not for JSON Lines")),
    async write(key, body) {
      mkdirSync(dirname(path(key)), { recursive: true });
      if (typeof body === "string") writeFileSync(path(key), body);
      else await pipeline(body, createWriteStream(path(key)));
    },
    writeIf: () => Promise.reject(new Error("not for this source")),
    remove: (key) => Promise.resolve(rmSync(path(key))),
    list: () => {
      throw new Error("not for this source");
    },
    announce: ({ detail }) => Promise.reject(new Error(detail.reason)),
  };
}

function memoryState(): StateStore {
  let text: string | undefined;
  let version = 0;
  return {
    read: () => Promise.resolve({ text, version: text === undefined ? undefined : `${version}` }),
    write(next) {
      text = next;
      return Promise.resolve(`${++version}`);
    },
  };
}

async function streamed(
  { engine, port, database, credentials }: Place,
  rows: number,
  folder: string,
): Promise<number> {
  const connection = {
    ...{ engine, host: "127.0.0.1", port, database, timeZone: "UTC" },
    statementTimeoutSeconds: 300,
  };
  const query = `SELECT id, ${columns} FROM trips WHERE id <= ${rows}`;
  const settings = { source: "bench", wanted: { query }, watermark: "id", rowsPerObject: 100_000 };
  const store = folderStore(folder);
  const { landed } = await ingest(
    { ...settings, connection, overlapSeconds: 0 },
    {
      ...{ schema: recordSchema, stack: "bench", run: "bench", store: memoryState() },
      now: () => new Date(),
      deadline: new Date(Date.now() + 900_000),
      credentials: () => Promise.resolve(credentials),
      connect: engine === "postgres" ? connectPostgres : connectMysql,
      land: (landing) => land(store, landing),
      announce: (event) => store.announce(event),
    },
  );
  return landed.reduce((sum, one) => sum + one.rows, 0);
}

async function whole({ port, database, credentials }: Place, rows: number, folder: string): Promise<number> {
  const { username: user, password } = credentials;
  const client = new Client({ host: "127.0.0.1", port, database, user, password });
  await client.connect();
  const found = (await client.query<object>(`SELECT ${columns} FROM trips WHERE id <= ${rows}`)).rows;
  const lines = function* () {
    for (const row of found) yield `${JSON.stringify(row)}\n`;
  };
  await pipeline(lines, createGzip({ level: 4 }), createWriteStream(join(folder, "all.jsonl.gz")));
  await client.end();
  return found.length;
}

const ways = { streamed, whole };
type Way = keyof typeof ways;

/** In a process of its own: prints what it took. */
async function measure(way: Way, place: Place, rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const begun = performance.now();
  const landed = await ways[way](place, rows, folder);
  const seconds = (performance.now() - begun) / 1000;
  if (landed !== rows) throw new Error(`${landed} rows landed, not ${rows}`);
  const files = readdirSync(folder, { recursive: true }).length;
  rmSync(folder, { recursive: true });
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(
    [
      way.padEnd(9),
      `${rows} rows`.padStart(13),
      `${seconds.toFixed(1)} s`.padStart(8),
      `${Math.round(rows / seconds)} rows/s`.padStart(14),
      `peak ${megabytes.toFixed(0)} MB`.padStart(13),
      `${files} files`,
    ].join("  "),
  );
}

/** Fills a table `trips` with so many rows, which are those of the sample over and over again. */
async function fill(server: Server, rows: number): Promise<void> {
  const csv = (await readFile(join(__dirname, "../../data/taxis.csv"), "utf8"))
    .trimEnd()
    .split("\n")
    .slice(1);
  const isMysql = server.engine === "mysql";
  const time = isMysql ? "datetime" : "timestamp";
  const types: Record<string, string> = { pickup: time, dropoff: time, passengers: "int" };
  for (const name of ["distance", "fare", "tip", "tolls", "total"]) types[name] = "numeric(8,2)";
  const declared = columns.split(", ").map((name) => `${name} ${types[name] ?? "varchar(80)"}`);
  await server.run(`CREATE TABLE sample (n int PRIMARY KEY, ${declared.join(", ")})`);
  const literal = (cell: string) => (cell === "" ? "NULL" : `'${cell.replaceAll("'", "''")}'`);
  const values = csv.map((line, n) => `(${n}, ${line.split(",").map(literal).join(",")})`);
  await server.run(`INSERT INTO sample VALUES ${values.join(",")}`);
  const numbers = isMysql ? `(SELECT seq AS id FROM seq_1_to_${rows})` : `generate_series(1, ${rows})`;
  const alias = isMysql ? "numbers" : "numbers(id)";
  await server.run(`CREATE TABLE trips (id int PRIMARY KEY, ${declared.join(", ")})`);
  await server.run(
    `INSERT INTO trips SELECT id, ${columns} FROM ${numbers} AS ${alias} JOIN sample ON n = id % ${csv.length}`,
  );
  await server.run(`ANALYZE ${isMysql ? "TABLE " : ""}trips`);
}

async function main(rows: number, engine: string): Promise<void> {
  const server = await (engine === "mysql" ? startMariaDb() : startPostgres());
  try {
    await fill(server, rows);
    const peers: Way[] = engine === "mysql" ? ["streamed"] : ["streamed", "whole"];
    for (const way of peers) {
      for (const count of [rows / 10, rows]) {
        const { port, database, credentials } = server;
        const place = { engine: server.engine, port, database, credentials };
        const run = spawnSync(process.execPath, [...process.execArgv, __filename], {
          env: { ...process.env, BENCH_TASK: JSON.stringify({ way, rows: count, place }) },
          stdio: ["ignore", "inherit", "pipe"],
          encoding: "utf8",
        });
        if (run.status !== 0) console.log(`${way}  ${count} rows: ${run.stderr.trim()}`);
      }
    }
  } finally {
    await server.stop();
  }
}

const task = process.env.BENCH_TASK;
if (task) {
  const { way, place, rows } = JSON.parse(task) as { way: Way; place: Place; rows: number };
  void measure(way, place, rows);
} else {
  void main(Number(process.argv[2] ?? 1_000_000), process.argv[3] ?? "postgres");
}
