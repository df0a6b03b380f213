import { DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { boundsSql, type Reading, unloadSql, windowSql } from "../../../handlers/ingest-redshift/sql";
import { parseUnload } from "../../../local/redshift/engine/transfer-options";

const reading: Reading = {
  query: "select id, changed, 'it''s; --x' as note from trips; ",
  watermark: "changed",
  overlapSeconds: 0,
};

describe("SQL of ingest-redshift", () => {
  let rows: (sql: string) => Promise<unknown[][]>;

  before(async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run("create table trips (id int, changed timestamp)");
    await connection.run(
      "insert into trips values (1, '2019-03-01 10:00:00'), (2, '2019-03-01 10:00:00.000001'), (3, '2019-03-02 00:00:00'), (4, null)",
    );
    rows = async (sql) => (await connection.runAndReadAll(sql)).getRowsJson();
  });

  const ids = async (from: string | undefined, to: string, more: Partial<Reading> = {}) =>
    (await rows(windowSql({ ...reading, ...more }, { columns: ["id"], from, to }))).map(([id]) => id).sort();

  it("asks for the highest watermark with all its digits, and for rows without one", async () => {
    expect(await rows(boundsSql(reading))).to.eql([["2019-03-02 00:00:00", "1"]]);
    const early = { ...reading, query: "select * from trips where id < 3" };
    expect((await rows(boundsSql(early)))[0]?.[0]).to.equal("2019-03-01 10:00:00.000001");
  });

  it("takes each row into one window", async () => {
    expect(await ids(undefined, "2019-03-01 10:00:00")).to.eql([1]);
    expect(await ids("2019-03-01 10:00:00", "2019-03-01 10:00:00.000001")).to.eql([2]);
    expect(await ids("2019-03-01 10:00:00.000001", "2019-03-02 00:00:00")).to.eql([3]);
  });

  it("reads what is late again, as far as it is told to", async () => {
    expect(await ids("2019-03-02 00:00:00", "2019-03-03", { overlapSeconds: 60 })).to.eql([3]);
    expect(await ids("2019-03-02 00:00:00", "2019-03-03", { overlapSeconds: 86_400 })).to.eql([1, 2, 3]);
    const numbers = { watermark: "id", overlapSeconds: 60 };
    expect(await ids("1", "3", numbers)).to.eql([2, 3]);
  });

  it("unloads a query with quotes, semicolons and comments as it is", () => {
    const window = { columns: ["changed"], from: "x'y", to: "z" };
    const select = windowSql({ ...reading, query: "select 1 as changed -- 'one'" }, window);
    const sql = unloadSql(select, {
      to: "s3://data/incoming/orders/w/",
      roleArn: "arn:role",
      keyArn: "arn:key",
    });
    const parsed = parseUnload(sql);
    expect(parsed?.query).to.equal(select);
    expect(parsed?.to).to.equal("s3://data/incoming/orders/w/");
    expect(parsed?.options).to.include({
      role: "arn:role",
      kmsKeyId: "arn:key",
      format: "parquet",
      manifest: true,
    });
  });
});
