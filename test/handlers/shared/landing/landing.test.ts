import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { land, type Landing, nameOf } from "../../../../handlers/shared/landing/landing";
import { recordSchema } from "../../../../handlers/shared/schema";
import { MemoryStore } from "./memory-store";

const trips = readFileSync(join(__dirname, "../../../../data/taxis.csv"));
const header = trips.toString().split("\n", 1)[0]!;
const row = trips.toString().split("\n")[1]!;
const record = { pickup: "2019-03-23 20:21:09", passengers: 1, distance: 1.6, fare: 7, color: "yellow" };

type Input = Partial<Omit<Landing, "body">> & { body: Buffer | string | Readable };

function landing({ body, ...rest }: Input): Landing {
  const common = { source: "files", name: "trips-1", date: "2019-03-01", origin: "s3://theirs/trips.csv" };
  return {
    ...common,
    ...{ format: "csv", gzip: false, ...rest },
    // in odd pieces, as a network brings them
    body: body instanceof Readable ? body : Readable.from(pieces(Buffer.from(body)), { objectMode: false }),
  };
}

function* pieces(bytes: Buffer, size = 9973): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const object = "raw/files/2019-03-01/trips-1.csv";
const rejected = "rejected/files/2019-03-01/trips-1.csv";

/** Why `body` is set aside. */
async function reasonOf(input: Input): Promise<string> {
  const store = new MemoryStore();
  const outcome = await land(store, landing(input));
  if (outcome === "already" || !("reason" in outcome)) throw new Error(`landed: ${JSON.stringify(outcome)}`);
  expect([...store.objects.keys()].filter((key) => key.startsWith("raw/"))).to.deep.equal([]);
  expect(store.objects.has(outcome.object)).to.equal(true);
  expect(store.json(`${outcome.object}.reason.json`).reason).to.equal(outcome.reason);
  expect(store.events.map(({ detail }) => detail.reason)).to.deep.equal([outcome.reason]);
  return outcome.reason;
}

describe("landing", () => {
  it("lands the bytes as they are, and last the manifest that says what they are", async () => {
    const store = new MemoryStore();
    const outcome = await land(store, landing({ body: trips, position: { from: "a", to: "b" } }));
    const sha256 = createHash("sha256").update(trips).digest("hex");
    expect(outcome).to.deep.equal({
      ...{ object, rows: 6433, bytes: trips.length, sha256, origin: "s3://theirs/trips.csv" },
    });
    expect(store.objects.get(object)?.equals(trips)).to.equal(true);
    expect(store.changes).to.deep.equal([`write ${object}`, `write ${object}.manifest.json`]);
    const { landedAt, ...manifest } = store.json(`${object}.manifest.json`);
    expect(landedAt).to.match(/^\d{4}-.*Z$/);
    expect(manifest).to.deep.equal({
      ...{ source: "files", object, origin: "s3://theirs/trips.csv", position: { from: "a", to: "b" } },
      ...{ format: "csv", rows: 6433, bytes: trips.length, sha256 },
    });
  });

  it("lands the same input once, and does not read it again", async () => {
    const store = new MemoryStore();
    await land(store, landing({ body: trips }));
    const body = Readable.from([trips]);
    expect(await land(store, landing({ body }))).to.equal("already");
    expect(body.destroyed).to.equal(true);
    expect(store.changes).to.have.length(2);
  });

  it("lands again what a killed run left without a manifest", async () => {
    const store = new MemoryStore();
    store.fault = (change) => (change.endsWith(".manifest.json") ? new Error("killed") : undefined);
    await land(store, landing({ body: trips })).catch(() => undefined);
    expect([...store.objects.keys()]).to.deep.equal([object]);
    store.fault = () => undefined;
    expect(await land(store, landing({ body: trips }))).to.include({ object, rows: 6433 });
  });

  it("lands nothing of a body that breaks off, and says so", async () => {
    const store = new MemoryStore();
    const body = Readable.from(
      (function* () {
        yield* pieces(trips);
        throw new Error("connection reset");
      })(),
    );
    let message = "";
    await land(store, landing({ body })).catch((error: Error) => (message = error.message));
    expect(message).to.equal("connection reset");
    expect([...store.objects.keys()]).to.deep.equal([]);
  });

  describe("counts", () => {
    const rowsOf = async (input: Input) => {
      const outcome = await land(new MemoryStore(), landing(input));
      return typeof outcome === "object" && "rows" in outcome ? outcome.rows : outcome;
    };

    it("rows of CSV with line ends and quotes in their cells, CRLF and no last line end", async () => {
      const zone = row.replace("Lenox Hill West", '"Lenox\r\nHill ""West"""');
      expect(zone).not.to.equal(row);
      expect(await rowsOf({ body: `\ufeff${header}\r\n${zone}\r\n\r\n${row}` })).to.equal(2);
    });

    it("rows with too few or too many cells, which are rejected one by one later", async () => {
      expect(await rowsOf({ body: `${header}\n${row}\n1,2\n${row},3\n` })).to.equal(3);
    });

    it("no rows when there is only a header", async () => {
      expect(await rowsOf({ body: `${header}\n` })).to.equal(0);
    });

    it("rows of gzip, of several members too", async () => {
      const two = Buffer.concat([gzipSync(`${header}\n${row}\n`), gzipSync(`${row}\n`)]);
      expect(await rowsOf({ body: two, gzip: true })).to.equal(2);
    });

    it("records of JSON Lines, poison ones too", async () => {
      const line = JSON.stringify(record);
      expect(await rowsOf({ body: `{"a":\n${line}\n \n${line}`, format: "jsonl" })).to.equal(3);
    });

    it("rows of inputs larger than what is looked at first", async () => {
      const body = Readable.from(
        (function* () {
          yield `${header}\n`;
          for (let block = 0; block < 150; block++) yield `${row}\n`.repeat(1000);
        })(),
        { objectMode: false },
      );
      expect(await rowsOf({ body })).to.equal(150_000);
      const lines = Buffer.from(`${JSON.stringify(record)}\n`.repeat(100_000));
      expect(await rowsOf({ body: lines, format: "jsonl" })).to.equal(100_000);
    });
  });

  describe("sets aside, with a reason,", () => {
    it("a file without a required column, with an unknown or with a doubled one", async () => {
      expect(await reasonOf({ body: trips.toString().replace("fare", "price") })).to.match(
        /^s3:\/\/theirs\/trips\.csv has no column 'fare', which is required; it has .*price/,
      );
      expect(await reasonOf({ body: trips.toString().replace("tolls", "toll") })).to.match(
        /has a column 'toll' that schema\.json does not declare: rename it/,
      );
      expect(await reasonOf({ body: trips.toString().replace("tolls", "tip") })).to.match(
        /has the column 'tip' twice/,
      );
    });

    it("records without a required field", async () => {
      const body = `${JSON.stringify({ ...record, fare: undefined })}\n`.repeat(3);
      expect(await reasonOf({ body, format: "jsonl" })).to.match(/has no column 'fare'/);
    });

    const notText: Record<string, Buffer | string> = {
      "is empty": "",
      "is HTML": "\n<!doctype html><html>",
      "is compressed with gzip": gzipSync(trips),
      "is a Parquet file": "PAR1.......PAR1",
      "is a zip or Excel file": "PK\x03\x04...",
      "is UTF-16 text": Buffer.from(`\ufeff${trips.toString()}`, "utf16le"),
    };
    for (const [reason, body] of Object.entries(notText)) {
      it(`what ${reason}`, async () => {
        expect(await reasonOf({ body })).to.contain(reason);
      });
    }

    it("gzip that is cut off, damaged, empty or none", async () => {
      const zipped = gzipSync(trips);
      expect(await reasonOf({ body: zipped.subarray(0, -100), gzip: true })).to.contain("is cut off");
      const damaged = Buffer.from(zipped).fill(0, 20_000, 20_100);
      expect(await reasonOf({ body: damaged, gzip: true })).to.contain("is no sound gzip file");
      expect(await reasonOf({ body: gzipSync(""), gzip: true })).to.contain("is empty");
      expect(await reasonOf({ body: "", gzip: true })).to.contain("is a gzip file that is cut off");
      expect(await reasonOf({ body: trips, gzip: true })).to.contain("is no sound gzip file");
    });

    it("CSV with a quote that is never closed, naming the row", async () => {
      const cut = `${header}\n${row}\n"2019-03-`;
      expect(await reasonOf({ body: cut })).to.contain("ends within a quoted cell");
      expect(await reasonOf({ body: `${header}\n${row}\n"${`${row}\n`.repeat(20_000)}` })).to.contain(
        "more than 1 MB in row 2",
      );
    });

    it("JSON that is not JSON Lines", async () => {
      const cases = { "[{}]": /one JSON array/, "{\n}\n": /row 1 is no JSON object/, "\n \n": /no record/ };
      for (const [body, reason] of Object.entries(cases)) {
        expect(await reasonOf({ body, format: "jsonl" })).to.match(reason);
      }
      expect(await reasonOf({ body: "x".repeat(2_000_000), format: "jsonl" })).to.contain("1 MB in row 1");
    });

    it("a large file of which only the end is bad: what was landed goes again", async () => {
      const store = new MemoryStore();
      const random = randomBytes(12_000_000).toString("hex"); // does not compress to nothing
      const lines = random.match(/.{200}/g)!.map((zone) => `${row.replace("Lenox Hill West", zone)}\n`);
      const body = gzipSync(`${header}\n${lines.join("")}`).subarray(0, -1000);
      expect(body.length).to.be.greaterThan(8 * 1024 * 1024);
      const outcome = await land(store, landing({ body, gzip: true }));
      expect(outcome).to.have.property("reason").that.contains("cut off");
      expect(store.changes).to.deep.equal([
        `write ${object}.gz`,
        `write ${rejected}.gz`,
        "announce",
        `write ${rejected}.gz.reason.json`,
        `remove ${object}.gz`,
      ]);
      expect(store.objects.get(`${rejected}.gz`)?.equals(body)).to.equal(true);
    });

    it("a bad input once, until the schema changes", async () => {
      const store = new MemoryStore();
      const body = trips.toString().replace("tolls", "toll");
      await land(store, landing({ body }));
      expect(await land(store, landing({ body }))).to.equal("already");
      expect(store.events).to.have.length(1);
      const { tolls, ...properties } = recordSchema.properties;
      const wider = { ...recordSchema, properties: { ...properties, toll: tolls! } };
      expect(await land(store, landing({ body }), wider)).to.include({ object, rows: 6433 });
    });

    it("an input again whose announcement failed", async () => {
      const store = new MemoryStore();
      store.fault = (change) => (change === "announce" ? new Error("throttled") : undefined);
      await land(store, landing({ body: "" })).catch(() => undefined);
      store.fault = () => undefined;
      await land(store, landing({ body: "" }));
      expect(store.events[0]).to.deep.include({ kind: "data.rejected", severity: "warning" });
      expect(store.events[0]?.detail).to.include({ source: "files", object: rejected });
    });
  });

  it("names objects after what they are, whatever that is called", () => {
    expect(nameOf("trips 2019/März.csv", "bucket", "key")).to.match(/^trips-2019-Ma-rz\.csv-[0-9a-f]{16}$/);
    expect(nameOf("🚕/?", "bucket", "key")).to.match(/^[0-9a-f]{16}$/);
    expect(nameOf("a", "b", "c")).not.to.equal(nameOf("a", "bc"));
  });

  it("refuses a name that leads elsewhere", async () => {
    for (const bad of [{ name: "../x" }, { source: "Other/" }, { date: "today" }]) {
      let message = "";
      await land(new MemoryStore(), landing({ body: "", ...bad })).catch((e: Error) => (message = e.message));
      expect(message).to.match(/^a landing cannot be called/);
    }
  });
});
