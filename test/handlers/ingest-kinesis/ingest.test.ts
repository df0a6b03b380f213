import { expect } from "chai";
import { gunzipSync, gzipSync } from "node:zlib";
import { reasonsOf, sortFailed } from "../../../handlers/ingest-kinesis/failed";
import { ingest } from "../../../handlers/ingest-kinesis/ingest";
import { RecordCheck } from "../../../handlers/shared/record-check";
import { recordSchema } from "../../../handlers/shared/schema";
import { MemoryStore } from "../shared/landing/memory-store";

const trip = { pickup: "2019-03-23 20:21:09", passengers: 1, distance: 1.6, fare: 7, color: "yellow" };
const line = (fare = 7) => JSON.stringify({ ...trip, fare });
const check = new RecordCheck(recordSchema);

const delivered = (part: string, name: string) =>
  `incoming/trips/${part}/2026-11-24/slipway-dev-trips-1-2026-11-24-15-00-0${name}`;
const records = (name: string) => delivered("records", `${name}.gz`);
const failed = (name: string) => delivered("failed/processing-failed", name);

const failedLine = (data: string | Buffer, errorCode = "Lambda.ProcessingFailedStatus") =>
  JSON.stringify({
    ...{ attemptsMade: 1, arrivalTimestamp: 1_795_532_400_000, attemptEndingTimestamp: 1_795_532_401_000 },
    ...{
      errorCode,
      errorMessage: "message",
      rawData: Buffer.from(data).toString("base64"),
      lambdaArn: "arn",
    },
  });

describe("ingestion of what Firehose delivers", () => {
  let store: MemoryStore;
  beforeEach(() => (store = new MemoryStore()));

  const run = (event: unknown = { action: "run" }, remaining = 900_000) =>
    ingest({ source: "trips", bucket: "data", store, remaining: () => remaining }, event, check);
  const told = (key: string) => run({ "detail-type": "Object Created", detail: { object: { key } } });
  const keys = (prefix: string) => [...store.objects.keys()].filter((key) => key.startsWith(prefix));

  it("lands the object that an event names, with the day of its records, and removes it", async () => {
    store.objects.set(records("1-a"), gzipSync(`${line(1)}\n${line(2)}\n`));
    store.objects.set(records("2-b"), gzipSync(`${line(3)}\n`));
    const { landed } = await told(records("1-a"));
    expect(landed.map(({ rows, origin }) => [rows, origin])).to.deep.equal([
      [2, `s3://data/${records("1-a")}`],
    ]);
    const object = landed[0]!.object;
    expect(object).to.match(/^raw\/trips\/2026-11-24\/records-2026-11-24-15-00-01-[0-9a-f]{16}\.jsonl\.gz$/);
    expect(gunzipSync(store.objects.get(object)!).toString()).to.equal(`${line(1)}\n${line(2)}\n`);
    expect(keys("incoming/")).to.deep.equal([records("2-b")]);
  });

  it("lands what no event told of, once, also when a run dies before it has removed it", async () => {
    store.objects.set(records("1-a"), gzipSync(`${line()}\n`));
    store.fault = (change) => (change.startsWith("remove") ? new Error("killed") : undefined);
    await run().then(
      () => expect.fail("it should have failed"),
      () => undefined,
    );
    store.fault = () => undefined;
    expect((await run()).landed).to.deep.equal([]);
    expect(keys("raw/")).to.have.length(2);
    expect(keys("incoming/")).to.deep.equal([]);
  });

  it("does nothing when another run was quicker", async () => {
    expect(await told(records("1-a"))).to.deep.equal({ source: "trips", landed: [], setAside: [] });
  });

  it("keeps poison with its reasons, lands what fits after all, and tells of all at once", async () => {
    store.objects.set(
      failed("1-a"),
      Buffer.from([failedLine("poison"), failedLine(line(5), "Lambda.FunctionError")].join("\n")),
    );
    store.objects.set(failed("2-b"), gzipSync(`${failedLine(Buffer.from([0xff, 0x00]))}\nno error record\n`));
    const { landed, setAside } = await run();
    expect(landed.map(({ rows }) => rows)).to.deep.equal([1]);
    expect(store.text(landed[0]!.object)).to.equal(`${line(5)}\n`);
    expect(setAside).to.have.length(2);
    expect(store.text(setAside[0]!.object)).to.equal(
      `${JSON.stringify({ reason: "the record is not JSON", arrivedAt: "2026-11-24T15:00:00.000Z", data: "poison" })}\n`,
    );
    expect(store.text(setAside[1]!.object)).to.contain('"base64":"/wA="').and.contain("no error record");
    expect(store.json(`${setAside[0]!.object}.reason.json`)).to.deep.include({ rejected: 1 });
    expect(store.events).to.have.length(1);
    expect(store.events[0]?.detail).to.deep.include({ source: "trips", rejected: 3, read: 4 });
    expect(keys("incoming/")).to.deep.equal([]);
    expect((await run()).setAside).to.deep.equal([]);
  });

  it("does not forget poison that it could not tell of", async () => {
    store.objects.set(failed("1-a"), Buffer.from(failedLine("poison")));
    store.fault = (change) => (change === "announce" ? new Error("no queue") : undefined);
    await run().then(
      () => expect.fail("it should have failed"),
      () => undefined,
    );
    expect(keys("incoming/")).to.deep.equal([failed("1-a")]);
    store.fault = () => undefined;
    await run();
    expect(store.events).to.have.length(1);
    expect(keys("rejected/")).to.have.length(2);
  });

  it("leaves the rest to the next run when its time ends", async () => {
    store.objects.set(records("1-a"), gzipSync(`${line()}\n`));
    const { landed, waiting } = await run(undefined, 30_000);
    expect(landed).to.deep.equal([]);
    expect(waiting).to.contain("the next one");
    expect((await run()).landed).to.have.length(1);
  });

  it("leaves alone what Firehose has not written, and lands the others", async () => {
    store.objects.set("incoming/trips/records/mine.csv", Buffer.from("a"));
    store.objects.set(records("1-a"), gzipSync(`${line()}\n`));
    const { landed, setAside } = await run();
    expect(landed).to.have.length(1);
    expect(setAside[0]?.reason).to.contain("was not written by Firehose");
    expect(keys("incoming/")).to.deep.equal(["incoming/trips/records/mine.csv"]);
  });

  it("counts reasons, the most frequent first, with an example", () => {
    const { rejected } = sortFailed(
      Buffer.from(["a", line(-1), line(-2), "[]", `{"x":1}`].map((text) => failedLine(text)).join("\n")),
      check,
    );
    expect(reasonsOf(rejected)).to.equal(
      "2 times: fare must be greater than 0 (given: -1); once: the record is not JSON; " +
        "once: the record is an array, not one JSON object; once: other reasons",
    );
  });
});
