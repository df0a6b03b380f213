import { DuckDBInstance } from "@duckdb/node-api";
import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { land } from "../../../../handlers/shared/landing/landing";
import { MemoryStore } from "./memory-store";

const trips = join(__dirname, "../../../../data/taxis.csv");

describe("landing of Parquet", () => {
  let folder: string;
  let file: Buffer;

  /** What `select` gives, as a Parquet file. */
  async function parquet(select: string): Promise<Buffer> {
    const path = join(folder, "file.parquet");
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd)`);
    connection.closeSync();
    return readFileSync(path);
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-parquet-"));
    file = await parquet(`FROM '${trips}'`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const landing = (body: Buffer, store = new MemoryStore()) =>
    land(store, {
      ...{ source: "warehouse", name: "orders-1", date: "2019-03-01", origin: "s3://b/k" },
      ...{ format: "parquet", gzip: false, body: Readable.from([body], { objectMode: false }) },
    });
  const reasonOf = async (body: Buffer) => {
    const outcome = await landing(body);
    return typeof outcome === "object" && "reason" in outcome ? outcome.reason : JSON.stringify(outcome);
  };

  it("takes the number of rows from the footer", async () => {
    expect(await landing(file)).to.include({
      ...{ rows: 6433, bytes: file.length, object: "raw/warehouse/2019-03-01/orders-1.parquet" },
    });
    expect(await landing(await parquet(`FROM '${trips}' WHERE fare < 0`))).to.include({ rows: 0 });
  });

  it("reads the footer of a file that is too large to be held, and lands its bytes as they are", async () => {
    const wide = await parquet(
      `SELECT t.* REPLACE (repeat(hash(i)::varchar, 10) AS pickup_zone) FROM '${trips}' t, range(20) r(i)`,
    );
    const random = await parquet(
      `SELECT t.* REPLACE ((random()*100)::varchar || random() || random() || random() AS pickup_zone) FROM '${trips}' t, range(50)`,
    );
    expect(random.length).to.be.greaterThan(8 * 1024 * 1024);
    const store = new MemoryStore();
    expect(await landing(random, store)).to.include({ rows: 50 * 6433 });
    expect(store.objects.get("raw/warehouse/2019-03-01/orders-1.parquet")?.equals(random)).to.equal(true);
    expect(await landing(wide)).to.include({ rows: 20 * 6433 });
    expect(await reasonOf(random.subarray(0, -1000))).to.contain("without footer: it is cut off");
  });

  it("sets aside what has other columns, no footer, or is no Parquet", async () => {
    const nested = `SELECT t.* EXCLUDE (fare), {'amount': fare, 'fare': fare} AS price FROM '${trips}' t`;
    expect(await reasonOf(await parquet(nested))).to.match(
      /has no column 'fare', which is required; .*price/,
    );
    expect(await reasonOf(file.subarray(0, -1))).to.contain("without footer");
    expect(await reasonOf(Buffer.from("PAR1PAR1"))).to.contain("without footer");
    expect(await reasonOf(Buffer.from("pickup,fare\n"))).to.contain("is no Parquet file");
    expect(await reasonOf(Buffer.alloc(0))).to.contain("is empty");
    const broken = Buffer.from(file);
    broken.fill(0xff, broken.length - 300, broken.length - 100);
    expect(await reasonOf(broken)).to.match(/whose footer cannot be read/);
    const lying = Buffer.from(file);
    lying.writeUInt32LE(0xffffffff, lying.length - 8);
    expect(await reasonOf(lying)).to.match(/whose footer cannot be read/);
  });
});
