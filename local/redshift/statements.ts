import type { DuckDBConnection } from "@duckdb/node-api";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cloud, RoleSession } from "../sagemaker/aws/cloud";
import { errorText, toDuckDb, withParameters } from "./engine/dialect";
import { writeResult } from "./engine/results";
import { copy, unload } from "./engine/transfer";
import { parseCopy, parseUnload } from "./engine/transfer-options";
import type { Warehouse } from "./engine/warehouse";
import type { NamespaceRecord, StatementRecord, Stores, SubStatement } from "./records";

/** For which AWS keeps results. */
const keptSeconds = 24 * 3600;
const final = ["FINISHED", "FAILED", "ABORTED"];

export const isFinal = ({ Status }: Pick<StatementRecord, "Status">) => final.includes(Status);

/** Grants are accepted: whoever may call the API may do everything in the database. */
const ignored = /^\s*(grant|revoke|analyze|vacuum|create\s+user|alter\s+user|create\s+group)\b/i;

const interruptMs = 20;

/** Runs statements, each on a connection of its own, and remembers what became of them. */
export class Statements {
  private readonly running = new Map<string, { connection?: DuckDBConnection; done: Promise<void> }>();
  private readonly aborted = new Set<string>();
  private readonly results: string;

  constructor(
    private readonly stores: Stores,
    private readonly warehouse: Warehouse,
    private readonly cloud: Cloud,
    home: string,
  ) {
    this.results = join(home, "redshift", "results");
    mkdirSync(this.results, { recursive: true });
    this.recover();
  }

  resultFile = (id: string) => join(this.results, `${encodeURIComponent(id)}.jsonl`);

  /** Begins a statement whose record is SUBMITTED. */
  submit(record: StatementRecord): void {
    this.forgetOld();
    this.stores.statements.put(record.Id, record);
    const entry: { connection?: DuckDBConnection; done: Promise<void> } = { done: Promise.resolve() };
    this.running.set(record.Id, entry);
    entry.done = this.run(record, entry).finally(() => this.running.delete(record.Id));
  }

  /** Resolves when the statement has ended, or after `seconds`. */
  async settled(id: string, seconds: number): Promise<void> {
    await Promise.race([this.running.get(id)?.done, sleep(seconds * 1000, undefined, { ref: false })]);
  }

  /** Ends a running statement. @returns whether it was running. */
  cancel(id: string): boolean {
    const entry = this.running.get(id);
    if (!entry) return false;
    if (this.aborted.has(id)) return true;
    this.aborted.add(id);
    // An interrupt between two steps of a statement finds nothing to end; the next one does.
    const interrupting = setInterval(() => entry.connection?.interrupt(), interruptMs);
    void entry.done.finally(() => clearInterval(interrupting));
    return true;
  }

  /** Ends everything that runs. */
  async close(): Promise<void> {
    const entries = [...this.running];
    for (const [id] of entries) this.cancel(id);
    await Promise.all(entries.map(([, { done }]) => done));
  }

  private async run(record: StatementRecord, entry: { connection?: DuckDBConnection }): Promise<void> {
    const { Id } = record;
    const start = process.hrtime.bigint();
    const scratch = this.warehouse.scratch(Id);
    const texts = record.SubStatements ?? [record];
    try {
      const connection = await this.warehouse.connect(record.namespaceId);
      entry.connection = connection;
      this.change(Id, { Status: "STARTED" });
      try {
        await this.runAll(record, texts, connection, scratch);
      } finally {
        delete entry.connection;
        connection.closeSync();
      }
      this.end(Id, start, { Status: "FINISHED" });
    } catch (error) {
      const isAborted = this.aborted.delete(Id);
      if (isAborted) this.end(Id, start, { Status: "ABORTED", Error: "Query cancelled on user's request" });
      else this.end(Id, start, { Status: "FAILED", Error: errorText(error as Error) });
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }

  /** All SQL texts of one statement, in one transaction. */
  private async runAll(
    record: StatementRecord,
    texts: SubStatement[],
    connection: DuckDBConnection,
    scratch: string,
  ): Promise<void> {
    const { Id, SubStatements } = record;
    await connection.run("BEGIN TRANSACTION");
    try {
      for (const [index, one] of texts.entries()) {
        const outcome = await this.runOne(record, one, connection, scratch);
        if (this.aborted.has(Id)) throw new Error("aborted");
        if (SubStatements) SubStatements[index] = { ...one, ...outcome, Status: "FINISHED" };
        this.change(Id, SubStatements ? { SubStatements } : outcome);
      }
      await connection.run("COMMIT");
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  private async runOne(
    record: StatementRecord,
    { Id, QueryString }: SubStatement,
    connection: DuckDBConnection,
    scratch: string,
  ): Promise<Pick<SubStatement, "HasResultSet" | "ResultRows" | "ResultSize">> {
    const sql = withParameters(QueryString, record.QueryParameters ?? []);
    const without = { HasResultSet: false, ResultSize: 0 };
    if (ignored.test(sql)) return { ...without, ResultRows: 0 };
    const [toS3, fromS3] = [parseUnload(sql), parseCopy(sql)];
    if (toS3 ?? fromS3) {
      const session = await this.session(record, (toS3 ?? fromS3)!.options.role);
      try {
        if (toS3) return { ...without, ResultRows: await unload(connection, session, toS3, scratch) };
        if (fromS3) return { ...without, ResultRows: await copy(connection, session, fromS3, scratch) };
      } finally {
        session.close();
      }
    }
    const result = await connection.stream(toDuckDb(sql));
    const { ResultReturnType } = await import("@duckdb/node-api");
    if (result.returnType !== ResultReturnType.QUERY_RESULT)
      return { ...without, ResultRows: result.rowsChanged };
    const { rows, bytes } = await writeResult(result, this.resultFile(Id));
    return { HasResultSet: true, ResultRows: rows, ResultSize: bytes };
  }

  /** A session of a role that is the namespace's, and trusts Redshift. @throws Error in Redshift's words. */
  private async session(record: StatementRecord, named: string): Promise<RoleSession> {
    const namespace = this.stores.namespaces.values().find((one) => one.namespaceId === record.namespaceId);
    const { iamRoles = [], defaultIamRoleArn, adminUsername } = (namespace ?? {}) as Partial<NamespaceRecord>;
    const role = named === "default" ? (defaultIamRoleArn ?? "") : named;
    const refusal = `ERROR: User arn:aws:redshift:${namespace?.namespaceArn.split(":").slice(3, 5).join(":")}:dbuser:${record.WorkgroupName}/${adminUsername} is not authorized to assume IAM Role ${role}`;
    if (!iamRoles.includes(role)) throw new Error(`${refusal}: it is not associated with the namespace.`);
    await this.cloud.requireRole(role).catch(() => Promise.reject(new Error(refusal)));
    return this.cloud.session(role);
  }

  private change(id: string, changes: Partial<StatementRecord>): void {
    this.stores.statements.update(id, { ...changes, UpdatedAt: Date.now() / 1000 });
  }

  private end(id: string, start: bigint, changes: Partial<StatementRecord>): void {
    this.aborted.delete(id);
    this.change(id, { ...changes, Duration: Number(process.hrtime.bigint() - start) });
  }

  /** Statements of a process that was killed. */
  private recover(): void {
    for (const [id, record] of this.stores.statements.entries()) {
      if (!isFinal(record))
        this.change(id, { Status: "FAILED", Error: "ERROR: Query aborted: the server went away" });
    }
  }

  private forgetOld(): void {
    const oldest = Date.now() / 1000 - keptSeconds;
    for (const [id, { UpdatedAt, SubStatements = [] }] of this.stores.statements.entries()) {
      if (UpdatedAt > oldest) continue;
      for (const one of [id, ...SubStatements.map(({ Id }) => Id)])
        rmSync(this.resultFile(one), { force: true });
      this.stores.statements.delete(id);
    }
  }
}
