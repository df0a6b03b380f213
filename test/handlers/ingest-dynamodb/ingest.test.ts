import { expect } from "chai";
import { gunzipSync, gzipSync } from "node:zlib";
import { type Exported, type Exports, run } from "../../../handlers/ingest-dynamodb/ingest";
import { type Export, type State } from "../../../handlers/ingest-dynamodb/plan";
import { createLog } from "../../../handlers/shared/log";
import { failure } from "../../components/mocks";
import { MemoryStore } from "../shared/landing/memory-store";

const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/trips/export/01553947200000-0a1b2c3d";
const folder = "incoming/ledger/AWSDynamoDB/01553947200000-0a1b2c3d/";
const start = new Date("2019-03-30T12:00:00.000Z");
const later = new Date("2019-03-30T13:00:00.000Z");

const trip = (id: string, more: object = {}) => ({
  ...{ id: { S: id }, pickup: { S: "2019-03-23 20:21:09" }, passengers: { N: "1" }, distance: { N: "1.60" } },
  ...{ fare: { N: "7" }, color: { S: "yellow" }, ...more },
});

/** DynamoDB as far as exports go: writes what `data` says, unless it is told to be in progress or to fail. */
class Table implements Exports {
  asked: Export[] = [];
  answer: Exported = {
    status: "COMPLETED",
    exportTime: start.toISOString(),
    manifest: `${folder}manifest-summary.json`,
  };

  constructor(private readonly store: MemoryStore) {}

  start(wanted: Export): Promise<string> {
    this.asked.push(wanted);
    return Promise.resolve(arn);
  }

  describe = () => Promise.resolve(this.answer);

  /** What an export consists of: its data files, by name. */
  holds(files: Record<string, Buffer | object[]>, wrongCount = 0): void {
    const { objects } = this.store;
    const entries = Object.entries(files).map(([name, lines]) => {
      const body = Buffer.isBuffer(lines)
        ? lines
        : gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      const dataFileS3Key = `${folder}data/${name}.json.gz`;
      objects.set(dataFileS3Key, body);
      return { itemCount: (Buffer.isBuffer(lines) ? 2 : lines.length) + wrongCount, dataFileS3Key };
    });
    objects.set(
      `${folder}manifest-files.json`,
      Buffer.from(entries.map((one) => JSON.stringify(one)).join("\n")),
    );
    const summary = { manifestFilesS3Key: `${folder}manifest-files.json` };
    objects.set(`${folder}manifest-summary.json`, Buffer.from(JSON.stringify(summary)));
  }
}

describe("ingest-dynamodb", () => {
  let store: MemoryStore;
  let table: Table;
  let remaining: number;
  beforeEach(() => {
    store = new MemoryStore();
    table = new Table(store);
    remaining = 600_000;
  });

  const once = (now = start) =>
    run(
      {
        ...{ source: "ledger", bucket: "data", store, log: createLog({}, () => undefined) },
        settings: { tableArn: "t", attributes: { id: null }, rememberedDays: 35 },
        remaining: () => remaining,
      },
      table,
      () => now,
    );
  const state = () => store.json("sources/ledger/state.json") as unknown as State;
  const raw = () =>
    [...store.objects.keys()].filter((key) => key.startsWith("raw/") && !key.endsWith(".json"));
  const rows = () =>
    raw().flatMap((key) => gunzipSync(store.objects.get(key)!).toString().trim().split("\n"));

  it("asks for the whole table, and lands it when it is there", async () => {
    expect((await once()).waiting).to.contain(arn);
    expect(table.asked).to.eql([{ token: "full-first-0" }]);
    table.answer = { status: "IN_PROGRESS" };
    expect((await once()).waiting).to.contain("still writing");
    table.answer = new Table(store).answer;
    table.holds({ a: [{ Item: trip("t1") }], b: [], c: [{ Item: trip("t2") }, { Item: trip("t3") }] });
    const { landed, waiting } = await once(later);
    expect(landed.map((one) => [one.object, one.rows])).to.eql([
      ["raw/ledger/2019-03-30/01553947200000-0a1b2c3d-a.jsonl.gz", 1],
      ["raw/ledger/2019-03-30/01553947200000-0a1b2c3d-c.jsonl.gz", 2],
    ]);
    expect(rows()[0]).to.equal(
      '{"pickup":"2019-03-23 20:21:09","passengers":1,"distance":1.60,"fare":7,"color":"yellow"}',
    );
    expect(waiting).to.contain(arn); // the changes since are asked for at once
    expect(table.asked.at(-1)).to.include({ from: start.toISOString(), to: later.toISOString() });
    expect(state()).to.include({ until: start.toISOString() });
  });

  it("lands nothing twice when a run is killed before it could say where it is", async () => {
    await once();
    table.holds({ a: [{ Item: trip("t1") }], b: [{ Item: trip("t2") }] });
    store.fault = (change) =>
      change === "write sources/ledger/state.json" ? new Error("killed") : undefined;
    expect(await failure(() => once(later))).to.equal("killed");
    store.fault = () => undefined;
    const again = await once(later);
    expect(again.landed).to.eql([]);
    expect(raw()).to.have.length(2);
    expect(state().until).to.equal(start.toISOString());
  });

  it("removes an export once all of it has landed, also what a killed run has left", async () => {
    const incoming = () => [...store.objects.keys()].filter((key) => key.startsWith("incoming/"));
    await once();
    table.holds({ a: [{ Item: trip("t1") }] });
    await store.write("incoming/ledger/left", "");
    await once(later);
    expect(incoming()).to.eql([]);
    expect(raw()).to.have.length(1);
  });

  it("asks for the same export when it was killed after it had asked", async () => {
    let writes = 0;
    store.fault = () => ((writes += 1) === 2 ? new Error("killed") : undefined);
    expect(await failure(() => once())).to.equal("killed");
    store.fault = () => undefined;
    table.answer = { status: "IN_PROGRESS" };
    await once(later);
    expect(table.asked).to.eql([{ token: "full-first-0" }, { token: "full-first-0" }]);
  });

  it("asks for another export after one that failed, and says why it did", async () => {
    await once();
    table.answer = { status: "FAILED", failure: "S3AccessDenied: no" };
    expect(await failure(() => once())).to.contain("failed: S3AccessDenied: no");
    await once();
    expect(table.asked.at(-1)).to.eql({ token: "full-first-1" });
  });

  it("goes on in the next run when time is short", async () => {
    await once();
    table.holds({ a: [{ Item: trip("t1") }], b: [{ Item: trip("t2") }] });
    remaining = 59_000;
    expect((await once(later)).waiting).to.contain("2 of 2 files");
    remaining = 600_000;
    expect((await once(later)).landed).to.have.length(2);
  });

  it("lands what changed, and passes by what was deleted", async () => {
    store.objects.set(
      "sources/ledger/state.json",
      Buffer.from(JSON.stringify({ until: start.toISOString() })),
    );
    await once(later);
    const Keys = { id: { S: "t1" } };
    table.holds({ a: [{ Keys, NewImage: trip("t1") }, { Keys }], b: [{ Keys }] });
    const { landed, setAside } = await once(later);
    expect(landed.map(({ rows: count }) => count)).to.eql([1]);
    expect(setAside).to.eql([]);
    expect(state().until).to.equal(later.toISOString());
  });

  it("sets aside a file without the schema's shape, whole, and lands the others", async () => {
    await once();
    const { fare, ...renamed } = trip("t1");
    const files = {
      renamed: [{ Item: { ...renamed, price: fare } }],
      broken: gzipSync('{"Item":{}}\nnot JSON\n'),
      cut: gzipSync(`${JSON.stringify({ Item: trip("t2") })}\n`).subarray(0, 60),
      good: [{ Item: trip("t3") }],
    };
    table.holds(files);
    const { landed, setAside } = await once(later);
    expect(landed).to.have.length(1);
    expect(setAside.map(({ reason }) => reason.replace(/^s3:\S+\//, "").slice(0, 40))).to.eql([
      "renamed.json.gz has no column 'fare', wh",
      "broken.json.gz has a line 2 that is no i",
      "cut.json.gz is no whole gzip file: unexp",
    ]);
    expect(store.events.map(({ detail }) => detail.source)).to.eql(["ledger", "ledger", "ledger"]);
    table.holds(files);
    expect((await once(later)).setAside).to.eql([]); // told once
  });

  it("does not go on when a file has not the items that its manifest says", async () => {
    await once();
    table.holds({ a: [{ Item: trip("t1") }] }, 1);
    for (const attempt of [1, 2]) {
      const said = await failure(() => once(later));
      expect(said, `run ${attempt}`).to.contain("has 1 items where the export's manifest says 2");
    }
    expect(state().until).to.equal(undefined);
    expect(store.events).to.eql([]);
  });
});
