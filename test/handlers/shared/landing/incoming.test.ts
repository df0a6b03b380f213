import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import {
  type Arrivals,
  type Drop,
  type FilesRun,
  landNew,
  landOne,
} from "../../../../handlers/shared/landing/incoming";
import { type Listed } from "../../../../handlers/shared/landing/store";
import { createLog } from "../../../../handlers/shared/log";
import { MemoryStore } from "./memory-store";

const trips = readFileSync(join(__dirname, "../../../../data/taxis.csv"));

/** A bucket of files in memory; an etag is the number of the write. */
class MemoryDrop implements Drop {
  readonly bucket = "theirs";
  readonly files = new Map<string, { listed: Listed; content: Buffer; encoding?: string }>();
  private writes = 0;

  put(key: string, content: Buffer | string, more: Partial<Listed> & { encoding?: string } = {}): void {
    const bytes = Buffer.from(content);
    const lastModified = new Date("2019-03-05T10:00:00Z");
    const listed = { key, bytes: bytes.length, etag: `${++this.writes}`, lastModified, ...more };
    this.files.set(key, { listed, content: bytes, encoding: more.encoding });
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    for (const [key, { listed }] of this.files)
      if (key.startsWith(prefix)) yield await Promise.resolve(listed);
  }

  find = (key: string) => Promise.resolve(this.files.get(key)?.listed);

  open({ key, etag }: Listed): Promise<{ body: Readable; gzip: boolean } | undefined> {
    const file = this.files.get(key);
    if (!file || file.listed.etag !== etag) return Promise.resolve(undefined);
    const body = Readable.from([file.content], { objectMode: false });
    return Promise.resolve({ body, gzip: file.encoding === "gzip" });
  }
}

describe("landing of files", () => {
  let drop: MemoryDrop;
  let store: MemoryStore;
  let arrivals: Arrivals;
  let remaining: () => number;

  beforeEach(() => {
    drop = new MemoryDrop();
    store = new MemoryStore();
    arrivals = { prefix: "in/", maxBytes: 10e6 };
    remaining = () => 900_000;
  });

  const context = (): FilesRun => ({
    ...{ source: "files", store, remaining },
    log: createLog({}, () => undefined),
  });
  const run = () => landNew(context(), drop, arrivals);
  const origins = async () => (await run()).landed.map(({ origin }) => origin).sort();

  it("lands each version of each file once", async () => {
    drop.put("in/a.csv", trips);
    drop.put("in/deep/b.CSV.gz", gzipSync(trips));
    expect(await origins()).to.deep.equal(["s3://theirs/in/a.csv", "s3://theirs/in/deep/b.CSV.gz"]);
    expect(await origins()).to.deep.equal([]);
    drop.put("in/a.csv", Buffer.concat([trips, trips]));
    expect(await origins()).to.deep.equal(["s3://theirs/in/a.csv"]);
    const objects = [...store.objects.keys()].filter((key) => !key.endsWith(".json"));
    expect(
      objects.every((key) => /^raw\/files\/2019-03-05\/[ab]-[0-9a-f]{16}\.csv(\.gz)?$/.test(key)),
    ).to.equal(true);
    expect(objects).to.have.length(3);
  });

  it("lands a file once, however many runs meet it at the same time", async () => {
    drop.put("in/a.csv", trips);
    await Promise.all([run(), run(), landOne(context(), drop, arrivals, "in/a.csv")]);
    expect([...store.objects.keys()]).to.have.length(2);
    expect(await origins()).to.deep.equal([]);
  });

  it("leaves alone folders, markers and what is elsewhere", async () => {
    for (const key of ["in/", "in/_SUCCESS", "in/.a.csv.crc", "out/a.csv"]) drop.put(key, "x");
    expect(await run()).to.deep.equal({ source: "files", landed: [], setAside: [] });
    expect((await landOne(context(), drop, arrivals, "out/a.csv")).landed).to.deep.equal([]);
    expect((await landOne(context(), drop, arrivals, "in/gone.csv")).landed).to.deep.equal([]);
  });

  it("sets aside what is of no known kind or too large, once, and lands the rest", async () => {
    drop.put("in/report.xlsx", "PK");
    drop.put("in/none", "x");
    drop.put("in/large.csv", trips, { bytes: 11e6 });
    drop.put("in/bad.parquet", trips);
    drop.put("in/good.csv", trips, { encoding: "identity" });
    const { landed, setAside } = await run();
    expect(landed).to.have.length(1);
    expect(setAside.map(({ reason }) => reason.split(":")[1]).sort()).to.deep.equal([
      "//theirs/in/bad.parquet is no Parquet file, which its name says it is",
      "//theirs/in/large.csv has 11 MB, more than the 10 MB that the source takes",
      "//theirs/in/none is of no known kind",
      "//theirs/in/report.xlsx is of no known kind",
    ]);
    expect((await run()).setAside).to.deep.equal([]);
    expect(store.events).to.have.length(4);
  });

  it("believes a header that says gzip where the name does not", async () => {
    drop.put("in/a.csv", gzipSync(trips), { encoding: "gzip" });
    expect((await run()).landed[0]).to.include({ rows: 6433 });
  });

  it("goes on in the next run when there is no time left", async () => {
    for (const name of ["a", "b", "c", "d", "e", "f"]) drop.put(`in/${name}.csv`, trips);
    remaining = () => 20_000;
    const first = await run();
    expect(first.landed).to.have.length(1);
    expect(first.waiting).to.equal("5 of 6 files, for which this run had no time left");
    remaining = () => 900_000;
    const second = await run();
    expect(second.landed).to.have.length(5);
    expect(second).not.to.have.property("waiting");
  });

  it("lands all others when a file cannot be read, and then fails", async () => {
    for (const name of ["a", "b", "c"]) drop.put(`in/${name}.csv`, trips);
    const open = drop.open.bind(drop);
    drop.open = (file) => (file.key === "in/b.csv" ? Promise.reject(new Error("Access Denied")) : open(file));
    let message = "";
    await run().catch((error: Error) => (message = error.message));
    expect(message).to.match(
      /^The source files could not land 1 of 3 files: s3:\/\/theirs\/in\/b\.csv \(Access Denied\)/,
    );
    drop.open = open;
    expect(await origins()).to.deep.equal(["s3://theirs/in/b.csv"]);
  });

  it("leaves a file that is overwritten while it is looked at to the run that sees the new one", async () => {
    drop.put("in/a.csv", trips);
    const stale = drop.files.get("in/a.csv")!.listed;
    drop.put("in/a.csv", Buffer.concat([trips, trips]));
    drop.find = () => Promise.resolve(stale);
    expect((await landOne(context(), drop, arrivals, "in/a.csv")).landed).to.deep.equal([]);
  });

  it("lands what a transformation makes of the files that it is for", async () => {
    const record = { pickup: "2019-03-23 20:21", passengers: 1, distance: 1, fare: 7, color: "yellow" };
    drop.put("in/export/data/1.json.gz", "anything");
    drop.put("in/export/manifest-summary.json", "{}");
    arrivals.select = (key) => key.includes("/data/");
    arrivals.transform = ({ key }) => ({
      body: Readable.from([Buffer.from(JSON.stringify({ ...record, tip: key.length }))], {
        objectMode: false,
      }),
      ...{ format: "jsonl", gzip: false },
    });
    const { landed } = await run();
    expect(landed.map(({ rows, object }) => [rows, object.endsWith(".jsonl")])).to.deep.equal([[1, true]]);
    expect((await run()).landed).to.deep.equal([]);
  });
});
