import { type DuckDBConnection } from "@duckdb/node-api";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { interruptSignal } from "../interrupt";

export type Engine = DuckDBConnection;
/** A row of a result: texts, numbers, null, and lists of numbers. */
export type Row = Record<string, string | number | null | number[]>;

/** What the engine may hold in memory; more goes to its folder on disk. */
const memoryLimit = "400MB";
/** Each thread needs memory of its own. */
const mostThreads = 4;

/** Runs `work` with an SQL engine (DuckDB) that has nothing in it and spills into `folder`. */
export async function withEngine<T>(folder: string, work: (engine: Engine) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await import("@duckdb/node-api"); // loaded where it is used: most commands only read of data
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: memoryLimit,
    threads: String(Math.min(availableParallelism(), mostThreads)),
    temp_directory: join(folder, "spill"),
    // Nothing is fetched from elsewhere, and no file outside of the queries is read.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const engine = await instance.connect();
  const interrupt = () => engine.interrupt();
  interruptSignal.addEventListener("abort", interrupt);
  try {
    return await work(engine);
  } finally {
    interruptSignal.removeEventListener("abort", interrupt);
    engine.closeSync();
    instance.closeSync();
  }
}

/** All rows of a query; numbers as numbers. For small results. */
export async function rowsOf(engine: Engine, sql: string): Promise<Row[]> {
  const reader = await engine.runAndReadAll(sql);
  return reader
    .getRowObjectsJS()
    .map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
}

/** The rows of a query as they come, a chunk in memory at a time. */
export async function* streamOf(engine: Engine, sql: string): AsyncGenerator<Row> {
  const result = await engine.stream(sql);
  for await (const rows of result.yieldRowObjectJs()) {
    for (const row of rows)
      yield Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
  }
}

const plain = (value: unknown) => (typeof value === "bigint" ? Number(value) : value) as Row[string];
