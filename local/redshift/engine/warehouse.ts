import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Large queries go to disk beyond this. */
const memoryLimit = "512MB";

/** The SQL engine: one database file a namespace. It is loaded at the first statement. */
export class Warehouse {
  private readonly instances = new Map<string, Promise<DuckDBInstance>>();

  /** @param folder `<home>/redshift` */
  constructor(private readonly folder: string) {}

  /** A connection of a statement's own; close it. */
  async connect(namespaceId: string): Promise<DuckDBConnection> {
    const instance = this.instances.get(namespaceId) ?? this.open(namespaceId);
    this.instances.set(namespaceId, instance);
    instance.catch(() => this.instances.delete(namespaceId)); // the next statement tries again
    return (await instance).connect();
  }

  /** An empty folder for the files of one statement: the only place where the engine reads and writes files. */
  scratch(id: string): string {
    const folder = join(this.folder, "scratch", id);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  async remove(namespaceId: string): Promise<void> {
    (await this.instances.get(namespaceId))?.closeSync();
    this.instances.delete(namespaceId);
    for (const ending of ["", ".wal"])
      rmSync(join(this.folder, "data", `${namespaceId}.duckdb${ending}`), { force: true });
  }

  /** Writes everything to disk. */
  async close(): Promise<void> {
    const open = await Promise.all(this.instances.values());
    this.instances.clear();
    for (const instance of open) instance.closeSync();
  }

  private async open(namespaceId: string): Promise<DuckDBInstance> {
    const { DuckDBInstance: Instance } = await import("@duckdb/node-api");
    const data = join(this.folder, "data");
    const scratch = join(this.folder, "scratch");
    for (const folder of [data, scratch]) mkdirSync(folder, { recursive: true });
    const instance = await Instance.create(join(data, `${namespaceId}.duckdb`), {
      memory_limit: memoryLimit,
      threads: "2",
      temp_directory: join(data, `${namespaceId}.tmp`),
      preserve_insertion_order: "false", // UNLOAD and COPY then need little memory
    });
    const connection = await instance.connect();
    try {
      // A statement is anybody's text: it may not reach this machine's files.
      await connection.run(`SET allowed_directories = ['${scratch.replaceAll("'", "''")}/']`);
      await connection.run("SET enable_external_access = false");
      await connection.run("SET TimeZone = 'UTC'");
      await connection.run("SET lock_configuration = true");
    } finally {
      connection.closeSync();
    }
    return instance;
  }
}
