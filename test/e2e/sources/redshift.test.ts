import {
  CancelStatementCommand,
  DescribeStatementCommand,
  ExecuteStatementCommand,
  ListStatementsCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { DeleteWorkgroupCommand, RedshiftServerlessClient } from "@aws-sdk/client-redshift-serverless";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RedshiftSource } from "../../../components/sources/redshift-source";
import { failure } from "../../components/mocks";
import { SourceStack } from "./source-stack";

const rows = parse<Record<string, string>>(readFileSync(join(__dirname, "../../../data/taxis.csv")), {
  columns: true,
}).slice(0, 300);
const numbers = ["passengers", "distance", "fare", "tip", "tolls", "total"];
const columns = Object.keys(rows[0]!);
const WorkgroupName = "plugins-sources-orders";

const sqlOf = (name: string, value = "") =>
  value === "" ? "null" : numbers.includes(name) ? value : `'${value.replaceAll("'", "''")}'`;
const valuesOf = (row: Record<string, string>) => `(${columns.map((name) => sqlOf(name, row[name])).join()})`;

describe("redshift source on the laptop", function () {
  this.timeout(120_000);
  let world: SourceStack;
  let redshift: RedshiftDataClient;
  let serverless: RedshiftServerlessClient;

  before(async function () {
    const query = `select ${columns.join(", ")} from trips`;
    const started = await SourceStack.start((common) => {
      const settings = {
        kind: "redshift" as const,
        query,
        watermark: "pickup",
        overlapSeconds: 0,
        database: "taxis",
      };
      new RedshiftSource("orders", { ...common, source: "orders", settings, deleteData: true });
    }, "redshift");
    if (!started) return this.skip(); // this machine has no Pulumi CLI
    world = started;
    await world.stack.up();
    const settings = { ...world.clientSettings, endpoint: world.cloud.env.AWS_ENDPOINT_URL_REDSHIFT_DATA };
    redshift = new RedshiftDataClient(settings);
    serverless = new RedshiftServerlessClient(settings);
    const typed = columns.map((name) => `${name} ${typeOf(name)}`);
    await sql(`create table trips (${typed.join()}) sortkey (pickup)`);
  });

  after(() => world?.stop());

  const typeOf = (name: string) =>
    name === "passengers"
      ? "int"
      : numbers.includes(name)
        ? "decimal(10,2)"
        : /^(pickup|dropoff)$/.test(name)
          ? "timestamp"
          : "varchar(100) encode zstd";

  async function sql(Sql: string): Promise<void> {
    const { Id } = await redshift.send(
      new ExecuteStatementCommand({ Sql, WorkgroupName, Database: "taxis" }),
    );
    for (;;) {
      const { Status, Error: problem } = await redshift.send(new DescribeStatementCommand({ Id }));
      if (problem) throw new Error(problem);
      if (Status === "FINISHED") return;
      await sleep(20);
    }
  }

  const insert = (some: Record<string, string>[]) =>
    sql(`insert into trips values ${some.map(valuesOf).join()}`);
  const byTime = [...rows].sort((a, b) => (a.pickup! < b.pickup! ? -1 : 1));

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await world.stack.up({ refresh: true, expectNoChanges: true });
  });

  it("finds nothing in an empty table", async () => {
    expect(await world.run("orders")).to.eql({ source: "orders", landed: [], setAside: [] });
  });

  it("lands what is there as Parquet, and then only what is new", async () => {
    await insert(byTime.slice(0, 200));
    const first = await world.run("orders");
    expect(first.setAside).to.eql([]);
    expect(first.landed.map((one) => one.rows)).to.eql([200]);
    expect(first.landed[0]?.object).to.match(/^raw\/orders\/\d{4}-\d\d-\d\d\/.*\.parquet$/);
    expect((await world.run("orders")).landed).to.eql([]);
    const last = byTime[199]!.pickup!;
    const later = byTime.slice(200).filter(({ pickup }) => pickup! > last);
    await insert(later);
    expect((await world.run("orders")).landed.map((one) => one.rows)).to.eql([later.length]);
    const [manifest] = (await world.documents("raw/orders/", ".manifest.json")).filter(
      ({ position }) => (position as { from?: string }).from !== undefined,
    );
    expect(manifest?.position).to.eql({ from: last, to: byTime.at(-1)!.pickup });
  });

  it("says what Redshift said when the query fails, and recovers in the next run", async () => {
    await sql("alter table trips rename column fare to price");
    const said = await failure(() => world.run("orders"));
    expect(said).to.match(/failed in Redshift: ERROR: column "fare" does not exist. Nothing has been read/);
    await sql("alter table trips rename column price to fare");
    await insert([{ ...byTime[0]!, pickup: "2030-01-01 00:00:00" }]);
    expect((await world.run("orders")).landed.map((one) => one.rows)).to.eql([1]);
  });

  it("lands a value of another type, which the snapshot rejects by object, row and field", async () => {
    await sql("alter table trips alter column passengers type varchar(10)");
    await insert([{ ...byTime[0]!, pickup: "2030-01-02 00:00:00", color: "two" }]);
    const { landed } = await world.run("orders");
    const { rows: counts, broken } = await world.snapshot("orders");
    expect(counts).to.include({ rejected: 1, duplicates: 0 });
    expect(broken.map(({ object, row }) => [object, row])).to.eql([[landed[0]?.object, 1]]);
    expect(broken[0]).to.have.nested.property("errors[0].field", "color");
  });

  it("lands nothing twice when it was killed after it had landed, and leaves nothing in incoming/", async () => {
    const left = () => world.documents("incoming/orders/", "manifest");
    await insert([{ ...byTime[0]!, pickup: "2030-01-03 00:00:00" }]);
    expect((await world.run("orders")).landed.map((one) => one.rows)).to.eql([1]);
    expect(await left()).to.eql([]);
    const before = await world.snapshot("orders");
    expect(await world.restore("orders")).to.be.least(2);
    await world.rewind(
      "orders",
      ({ pending }) => (pending as { statement?: string })?.statement !== undefined,
    );
    expect((await world.run("orders")).landed).to.eql([]);
    expect((await world.snapshot("orders")).rows).to.eql(before.rows);
    expect(await left()).to.eql([]);
  });

  it("lets one of two runs at a time work", async () => {
    await insert([{ ...byTime[0]!, pickup: "2030-01-04 00:00:00" }]);
    const both = await Promise.all([world.run("orders"), world.run("orders")]);
    expect(both.flatMap(({ landed }) => landed.map((one) => one.rows))).to.eql([1]);
    expect(both.map(({ waiting = "" }) => waiting.includes("another run of orders is at work"))).to.include(
      true,
    );
  });

  it("unloads again in the next run when the UNLOAD was aborted", async () => {
    await sql("create table kept as select * from trips");
    await sql("delete from trips");
    await sql(
      "insert into trips select timestamp '2031-01-01' + interval (i) second, t.* exclude (pickup) from (select * from kept limit 1) t, generate_series(1, 1000000) g(i)",
    );
    const run = failure(() => world.run("orders"));
    for (let aborted = false; !aborted; await sleep(5)) {
      const { Statements = [] } = await redshift.send(new ListStatementsCommand({ Status: "STARTED" }));
      const unload = Statements.find(({ QueryString }) => QueryString?.startsWith("unload"));
      if (!unload) continue;
      aborted = await redshift.send(new CancelStatementCommand({ Id: unload.Id })).then(
        () => true,
        () => false,
      );
    }
    expect(await run).to.contain("was aborted in Redshift");
    await sql(
      "delete from trips where pickup > timestamp '2031-01-01 00:00:10' and pickup < timestamp '2031-01-12'",
    );
    const { landed } = await world.run("orders");
    const outside = 10 + (1_000_000 - 11 * 86_400 + 1); // seconds of 2031 that were not deleted
    expect(landed.reduce((sum, one) => sum + one.rows, 0)).to.equal(outside);
  });

  it("lets UNLOAD and the Lambda do no more than they must", async () => {
    const bucket = `arn:aws:s3:::${await world.bucket()}`;
    expect(
      await world.decisions("orders", {
        "s3:PutObject": [`${bucket}/incoming/orders/x`, `${bucket}/raw/other/x`],
        "s3:GetObject": [`${bucket}/incoming/orders/x`],
        "redshift-data:ExecuteStatement": [
          "arn:aws:redshift-serverless:us-east-1:000000000000:workgroup/other",
        ],
      }),
    ).to.eql(["implicitDeny", "implicitDeny", "allowed", "implicitDeny"]);
  });

  it("says so when the workgroup is away", async () => {
    await serverless.send(new DeleteWorkgroupCommand({ workgroupName: WorkgroupName }));
    expect(await failure(() => world.run("orders"))).to.contain(
      "Redshift endpoint doesn't exist in this region",
    );
  });

  it("is gone with its warehouse when the stack is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.eql([]);
  });
});
