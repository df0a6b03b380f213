/**
 * How fast and in how much memory a source of the kind `rds` lands rows, on a real PostgreSQL of the laptop target:
 *
 *     node --import tsx bench/sources/rds.ts [rows, default 1000000]
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
import { connectPostgres } from "../../handlers/ingest-rds/postgres";
import { type StateStore } from "../../handlers/ingest-rds/state";
import { land } from "../../handlers/shared/landing/landing";
import { type Store } from "../../handlers/shared/landing/store";
import { recordSchema } from "../../handlers/shared/schema";
import { type Server, startPostgres } from "../../test/handlers/ingest-rds/servers";

const columns = Object.keys(recordSchema.properties).join(", ");
type Place = Pick<Server, "port" | "database" | "credentials">;

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
  { port, database, credentials }: Place,
  rows: number,
  folder: string,
): Promise<number> {
  const connection = {
    ...{ engine: "postgres" as const, host: "127.0.0.1", port, database, timeZone: "UTC" },
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
      connect: connectPostgres,
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

async function main(rows: number): Promise<void> {
  const server = await startPostgres();
  try {
    const csv = (await readFile(join(__dirname, "../../data/taxis.csv"), "utf8"))
      .trimEnd()
      .split("\n")
      .slice(1);
    const types = { pickup: "timestamp", dropoff: "timestamp", passengers: "int" } as Record<string, string>;
    const numbers = ["distance", "fare", "tip", "tolls", "total"];
    const declared = columns.split(", ").map((name) => {
      return `${name} ${types[name] ?? (numbers.includes(name) ? "numeric(8,2)" : "text")}`;
    });
    await server.run(`CREATE TABLE sample (n int, ${declared.join(", ")})`);
    const literal = (cell: string) => (cell === "" ? "NULL" : `'${cell.replaceAll("'", "''")}'`);
    const values = csv.map((line, n) => `(${n}, ${line.split(",").map(literal).join(",")})`);
    await server.run(`INSERT INTO sample VALUES ${values.join(",")}`);
    await server.run(
      `CREATE TABLE trips AS SELECT id, ${columns} FROM generate_series(1, ${rows}) id ` +
        `JOIN sample ON n = id % ${csv.length}; ALTER TABLE trips ADD PRIMARY KEY (id); ANALYZE trips`,
    );
    for (const [way, count] of [
      ["streamed", rows / 10],
      ["streamed", rows],
      ["whole", rows / 10],
      ["whole", rows],
    ] as const) {
      const { port, database, credentials } = server;
      const task = JSON.stringify({ way, rows: count, place: { port, database, credentials } });
      const run = spawnSync(process.execPath, [...process.execArgv, __filename], {
        env: { ...process.env, BENCH_TASK: task },
        stdio: ["ignore", "inherit", "pipe"],
        encoding: "utf8",
      });
      if (run.status !== 0) console.log(`${way}  ${count} rows: ${run.stderr.trim().split("\n").at(-1)}`);
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
  void main(Number(process.argv[2] ?? 1_000_000));
}
