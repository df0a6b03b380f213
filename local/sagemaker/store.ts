import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Records of one kind, kept in memory and, each in a file of its own, on disk: what `put` has returned from
 * survives a crash of this process. Records are values: change a copy and `put` it.
 */
export class Store<T extends object> {
  private readonly records = new Map<string, T>();

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      const file = join(folder, name);
      if (name.endsWith(".json")) this.load(decodeURIComponent(name.slice(0, -".json".length)), file);
      else if (name.endsWith(".new")) rmSync(file); // half written: never acknowledged
    }
  }

  get(key: string): Readonly<T> | undefined {
    return this.records.get(key);
  }

  values(): Readonly<T>[] {
    return [...this.records.values()];
  }

  entries(): [string, Readonly<T>][] {
    return [...this.records];
  }

  put(key: string, record: T): void {
    const file = this.file(key);
    writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    this.records.set(key, record);
  }

  /** Puts the record with `changes` in it. @throws Error when there is no record: a mistake in this program. */
  update(key: string, changes: Partial<T>): T {
    const record = this.records.get(key);
    if (!record) throw new Error(`There is no record '${key}' in ${this.folder}.`);
    const updated = { ...record, ...changes };
    this.put(key, updated);
    return updated;
  }

  delete(key: string): void {
    rmSync(this.file(key), { force: true });
    this.records.delete(key);
  }

  private load(key: string, file: string): void {
    try {
      this.records.set(key, JSON.parse(readFileSync(file, "utf8")) as T);
    } catch (error) {
      console.error(`${file} cannot be read (${(error as Error).message}); it is set aside as ${file}.bad`);
      renameSync(file, `${file}.bad`);
    }
  }

  private file(key: string): string {
    return join(this.folder, `${encodeURIComponent(key)}.json`);
  }
}
