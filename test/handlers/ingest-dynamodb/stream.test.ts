import { type DynamoDBRecord } from "aws-lambda";
import { expect } from "chai";
import { landBatch } from "../../../handlers/ingest-dynamodb/stream";
import { createLog } from "../../../handlers/shared/log";
import { failure } from "../../components/mocks";
import { MemoryStore } from "../shared/landing/memory-store";

const arn = "arn:aws:dynamodb:us-east-1:123456789012:table/trips/stream/2019-03-30T12:00:00.000";
const trip = {
  ...{
    id: { S: "t1" },
    pickup: { S: "2019-03-23 20:21:09" },
    passengers: { N: "1" },
    distance: { N: "1.60" },
  },
  ...{ fare: { N: "7" }, color: { S: "yellow" } },
};

const record = (number: number, NewImage?: object) =>
  ({
    ...{ eventSourceARN: arn, eventName: NewImage ? "INSERT" : "REMOVE" },
    dynamodb: { SequenceNumber: `${number}`, ApproximateCreationDateTime: 1553947200, NewImage },
  }) as DynamoDBRecord;

describe("ingest-dynamodb from a stream", () => {
  let store: MemoryStore;
  beforeEach(() => (store = new MemoryStore()));

  const batch = (...records: DynamoDBRecord[]) =>
    landBatch(
      {
        ...{ source: "ledger", bucket: "data", store, log: createLog({}, () => undefined) },
        ...{ settings: { attributes: { id: null } }, remaining: () => 60_000 },
      },
      records,
    );

  it("lands a batch as one object, without what was deleted", async () => {
    const { landed, setAside, batchItemFailures } = await batch(
      record(100, trip),
      record(101),
      record(102, trip),
    );
    expect([setAside, batchItemFailures]).to.eql([[], []]);
    expect(landed[0]?.object).to.match(/^raw\/ledger\/2019-03-30\/100-[0-9a-f]{16}\.jsonl$/);
    expect(landed[0]?.rows).to.equal(2);
    expect(store.json(`${landed[0]!.object}.manifest.json`).position).to.eql({ from: "100", to: "102" });
    expect(store.text(landed[0]!.object)?.split("\n")[0]).to.equal(
      '{"pickup":"2019-03-23 20:21:09","passengers":1,"distance":1.60,"fare":7,"color":"yellow"}',
    );
  });

  it("lands a batch that Lambda gives again once", async () => {
    await batch(record(100, trip));
    expect((await batch(record(100, trip))).landed).to.eql([]);
  });

  it("lands nothing for deletions alone", async () => {
    expect(await batch(record(100))).to.eql({
      source: "ledger",
      landed: [],
      setAside: [],
      batchItemFailures: [],
    });
  });

  it("sets poison items aside together, and lands the others", async () => {
    const { fare, ...renamed } = trip;
    const { landed, setAside } = await batch(
      record(100, { ...renamed, price: fare }),
      record(101, trip),
      record(102, { ...trip, extra: { S: "x" } }),
    );
    expect(landed.map(({ rows }) => rows)).to.eql([1]);
    expect(setAside.map(({ reason }) => reason)).to.have.length(1);
    expect(setAside[0]?.reason).to.match(/the table trips has no column 'fare'.*; 2 of 3 items of the batch/);
    expect(store.text(setAside[0]!.object)?.trim().split("\n")).to.have.length(2);
    expect(store.events).to.have.length(1);
  });

  it("fails when it cannot land, so that Lambda gives the batch again", async () => {
    store.fault = (change) => (change.startsWith("write raw") ? new Error("S3 is away") : undefined);
    expect(await failure(() => batch(record(100, trip)))).to.equal("S3 is away");
  });
});
