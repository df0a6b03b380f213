import { DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, type State } from "../../../handlers/ingest-redshift/ingest";
import { type Statement, type Warehouse } from "../../../handlers/ingest-redshift/warehouse";
import { createLog } from "../../../handlers/shared/log";
import { parseUnload } from "../../../local/redshift/engine/transfer-options";
import { failure } from "../../components/mocks";
import { MemoryStore } from "../shared/landing/memory-store";

const trips = (rows: number, fare = "fare") =>
  `select timestamp '2019-03-23 20:21:09' as pickup, 1 as passengers, 1.6 as distance, 7.0 as ${fare}, 'yellow' as color from range(${rows})`;

/** A warehouse that unloads what it is told to into the store, and ends statements as it is told to. */
class Scripted implements Warehouse {
  executed: { sql: string; token: string }[] = [];
  bounds: (string | undefined)[] = ["2019-03-31 23:59:59", "0"];
  columns = ["pickup", "passengers", "distance", "fare", "color"];
  /** What the next UNLOADs come to. */
  outcomes: (Statement | undefined)[] = [];
  files: Buffer[] = [];
  private readonly written = new Set<string>();

  constructor(private readonly store: MemoryStore) {}

  execute(sql: string, token: string): Promise<string> {
    const known = this.executed.findIndex((one) => one.token === token);
    if (known >= 0) return Promise.resolve(`s${known}`);
    this.executed.push({ sql, token });
    return Promise.resolve(`s${this.executed.length - 1}`);
  }

  describe(id: string): Promise<Statement | undefined> {
    const unload = parseUnload(this.executed[Number(id.slice(1))]?.sql ?? "");
    if (!unload) return Promise.resolve({ status: "finished" });
    const outcome = this.outcomes.length > 0 ? this.outcomes.shift() : { status: "finished" as const };
    if (outcome?.status === "finished" && !this.written.has(unload.to)) this.write(unload.to);
    return Promise.resolve(outcome);
  }

  result = () => Promise.resolve({ columns: this.columns, first: this.bounds });

  private write(to: string): void {
    this.written.add(to);
    const prefix = to.replace("s3://data/", "");
    const entries = this.files.map((bytes, index) => {
      this.store.objects.set(`${prefix}000${index}_part_00.parquet`, bytes);
      return {
        url: `${to}000${index}_part_00.parquet`,
        meta: { content_length: bytes.length, record_count: 2 },
      };
    });
    this.store.objects.set(`${prefix}manifest`, Buffer.from(JSON.stringify({ entries })));
  }

  unloads = () => this.executed.filter(({ sql }) => sql.startsWith("unload"));
}

describe("ingest-redshift", () => {
  let folder: string;
  let parquet: (sql: string) => Promise<Buffer>;
  let good: Buffer;
  let store: MemoryStore;
  let warehouse: Scripted;
  let remaining: number;
  let warnings: string[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-parquet-"));
    const connection = await (await DuckDBInstance.create()).connect();
    let number = 0;
    parquet = async (sql) => {
      const file = join(folder, `${(number += 1)}.parquet`);
      await connection.run(`copy (${sql}) to '${file}' (format parquet)`);
      return readFileSync(file);
    };
    good = await parquet(trips(2));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  beforeEach(() => {
    store = new MemoryStore();
    warehouse = new Scripted(store);
    warehouse.files = [good];
    remaining = 600_000;
    warnings = [];
  });

  const settings = {
    query: "select * from trips",
    watermark: "pickup",
    overlapSeconds: 0,
    roleArn: "r",
    keyArn: "k",
  };
  const once = (at = "2019-04-01T06:00:00.000Z") =>
    run(
      {
        ...{
          source: "orders",
          bucket: "data",
          store,
          settings,
          log: createLog({}, (line) => warnings.push(line)),
        },
        remaining: () => remaining,
      },
      warehouse,
      () => new Date(at),
      { pollMs: 1, statementMs: 5 },
    );
  const state = () => store.json("sources/orders/state.json") as unknown as State;
  const raw = () =>
    [...store.objects.keys()].filter((key) => key.startsWith("raw/") && key.endsWith(".parquet"));

  it("lands what UNLOAD wrote, and moves the watermark on", async () => {
    warehouse.files = [good, good];
    const { landed, waiting } = await once();
    expect(landed.map(({ object, rows }) => [object.replace(/[0-9a-f]{16}/, "*"), rows])).to.eql([
      ["raw/orders/2019-04-01/*-1554098400000-1-0000_part_00.parquet", 2],
      ["raw/orders/2019-04-01/*-1554098400000-1-0001_part_00.parquet", 2],
    ]);
    expect(waiting).to.equal(undefined);
    expect(state()).to.eql({ watermark: "2019-03-31 23:59:59" });
    expect(store.json(`${landed[0]!.object}.manifest.json`).position).to.eql({ to: "2019-03-31 23:59:59" });
  });

  it("reads only what is new, and nothing when nothing is", async () => {
    await once();
    expect((await once()).landed).to.eql([]);
    expect(warehouse.unloads()).to.have.length(1);
    warehouse.bounds = ["2019-04-01 00:00:00", "0"];
    await once("2019-04-02T06:00:00.000Z");
    expect(warehouse.unloads()[1]?.sql).to.contain(`"pickup" > ''2019-03-31 23:59:59''`);
    expect(raw()).to.have.length(2);
  });

  it("says so when rows have no watermark, or there are no rows", async () => {
    warehouse.bounds = [undefined, "3"];
    expect(await once()).to.eql({ source: "orders", landed: [], setAside: [] });
    expect(warnings.join()).to.contain('"rows":3');
  });

  it("leaves a long UNLOAD to the next run", async () => {
    const running: Statement = { status: "running" };
    warehouse.outcomes = Array.from({ length: 100 }, () => running);
    expect((await once()).waiting).to.contain("still runs the UNLOAD");
    warehouse.outcomes = [];
    expect((await once()).landed).to.have.length(1);
    expect(warehouse.unloads()).to.have.length(1);
  });

  it("is told of a query that fails or is aborted, keeps the watermark and tries again elsewhere", async () => {
    warehouse.outcomes = [
      { status: "failed", error: 'ERROR: column "fare" does not exist' },
      { status: "aborted", error: "Query cancelled on user's request" },
    ];
    expect(await failure(() => once())).to.contain('failed in Redshift: ERROR: column "fare" does not exist');
    expect(await failure(() => once())).to.contain("was aborted in Redshift");
    expect((await once()).landed).to.have.length(1);
    const prefixes = warehouse.unloads().map(({ sql }) => parseUnload(sql)?.to);
    expect(new Set(prefixes).size).to.equal(3);
  });

  it("unloads again when Redshift has forgotten the statement", async () => {
    warehouse.outcomes = [undefined];
    expect(await failure(() => once())).to.contain("no longer knows the statement");
    expect((await once()).landed).to.have.length(1);
  });

  it("unloads once when it is killed at any moment, and lands nothing twice", async () => {
    for (let changes = 1; changes < 13; changes += 1) {
      store = new MemoryStore();
      warehouse = new Scripted(store);
      warehouse.files = [good, good];
      let count = 0;
      store.fault = () => ((count += 1) === changes ? new Error("killed") : undefined);
      const killed = await once().then(
        () => false,
        () => true,
      );
      store.fault = () => undefined;
      await once();
      expect(raw(), `killed at change ${changes}: ${killed}`).to.have.length(2);
      expect(state(), `killed at change ${changes}`).to.eql({ watermark: "2019-03-31 23:59:59" });
      const left = [...store.objects.keys()].filter((key) => key.startsWith("incoming/"));
      expect(left, `killed at change ${changes}`).to.eql([]);
    }
  });

  it("goes on in the next run when time is short", async () => {
    warehouse.files = [good, good];
    remaining = 59_000;
    expect((await once()).waiting).to.contain("2 of 2 files");
    remaining = 600_000;
    expect((await once()).landed).to.have.length(2);
  });

  it("announces columns that do not fit once, and loses nothing until they do", async () => {
    warehouse.columns = ["pickup", "passengers", "distance", "price", "color"];
    const first = await once();
    expect(first.waiting).to.match(/the query of the source orders has no column 'fare', which is required/);
    expect(first.setAside).to.have.length(1);
    expect((await once("2019-04-02T06:00:00.000Z")).setAside).to.eql([]);
    expect(store.events).to.have.length(1);
    expect(warehouse.unloads()).to.eql([]);
    warehouse.columns = ["pickup", "passengers", "distance", "fare", "color"];
    expect((await once("2019-04-03T06:00:00.000Z")).landed).to.have.length(1);
    expect(state()).to.eql({ watermark: "2019-03-31 23:59:59" });
  });

  it("leaves out a watermark that is no field of schema.json", async () => {
    settings.watermark = "changed_at";
    warehouse.columns = [...warehouse.columns, "changed_at"];
    expect((await once()).landed).to.have.length(1);
    settings.watermark = "pickup";
    expect(warehouse.unloads()[0]?.sql).to.match(
      /select "pickup", "passengers", "distance", "fare", "color" from .* where "changed_at" <= /s,
    );
  });

  it("sets aside files without the schema's columns, and lands the others", async () => {
    warehouse.files = [await parquet(trips(2, "price")), good.subarray(0, 300), good];
    const { landed, setAside } = await once();
    expect(landed).to.have.length(1);
    expect(setAside[0]?.reason).to.contain("has no column 'fare', which is required");
    expect(setAside).to.have.length(2);
    expect(store.events.map(({ detail }) => detail.source)).to.eql(["orders", "orders"]);
    expect(state()).to.eql({ watermark: "2019-03-31 23:59:59" });
  });

  it("does not go on when a file that the manifest names is not there", async () => {
    store.fault = (change) => (change.startsWith("write raw") ? new Error("killed") : undefined);
    await failure(() => once());
    store.fault = () => undefined;
    for (const key of [...store.objects.keys()].filter((one) => one.endsWith(".parquet")))
      store.objects.delete(key);
    expect(await failure(() => once())).to.contain(
      "is not there, though the manifest of its UNLOAD names it",
    );
    expect(state().watermark).to.equal(undefined);
  });
});
