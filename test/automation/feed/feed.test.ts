import {
  type BatchWriteItemCommand,
  type DescribeTableCommand,
  type DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { type KinesisClient, type PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamodbSink } from "../../../automation/feed/dynamodb-sink";
import { eventsOf, type FeedEvent } from "../../../automation/feed/events";
import { feed } from "../../../automation/feed/feed";
import { KinesisSink, type Sink } from "../../../automation/feed/sink";
import { readSchema } from "../../../automation/project";
import { RecordCheck } from "../../../handlers/shared/record-check";
import { recordSchema } from "../../../handlers/shared/schema";

const trips = join(__dirname, "../../../data/taxis.csv");
const check = new RecordCheck(recordSchema);
const fits = ({ text }: FeedEvent) => "line" in check.check(Buffer.from(text));

function take(count: number, options: Partial<Parameters<typeof eventsOf>[2]> = {}): FeedEvent[] {
  const events = eventsOf(trips, readSchema(), { rate: 200, poison: 0, ...options });
  return Array.from({ length: count }, () => events.next().value);
}

describe("events of the feed", () => {
  it("fit the schema, are all different, and follow the feed's clock", () => {
    const events = take(20_000, { rate: 7000, start: Date.parse("2026-11-24T15:00:00Z") });
    expect(events.every(fits)).to.equal(true);
    expect(new Set(events.map(({ text }) => text)).size).to.equal(20_000);
    const pickups = events.map(({ text }) => (JSON.parse(text) as { pickup: string }).pickup);
    expect(pickups[0]).to.equal("2026-11-24 15:00:00");
    expect([...pickups].sort()).to.deep.equal(pickups);
  });

  it("keep how long a trip takes", () => {
    const [{ text }] = take(1, { start: Date.parse("2026-11-24T15:00:00Z") }) as [FeedEvent];
    expect(JSON.parse(text)).to.deep.include({
      pickup: "2026-11-24 15:00:00",
      dropoff: "2026-11-24 15:06:15",
    });
  });

  it("are poison as often as asked, in each of its kinds, and never by accident", () => {
    const events = take(1000, { poison: 0.05 });
    const poison = events.filter((event) => event.poison);
    expect(poison).to.have.length(50);
    expect(poison.some(fits)).to.equal(false);
    expect(events.filter((event) => !event.poison).every(fits)).to.equal(true);
    const reasons = poison.map(({ text }) => {
      const checked = check.check(Buffer.from(text));
      return "reason" in checked ? checked.reason : "";
    });
    expect(new Set(reasons).size).to.equal(5);
  });

  it("come from a file that is what schema.json describes, or not at all", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-feed-"));
    try {
      const events = (content: string) => {
        const file = join(folder, "rows.csv");
        writeFileSync(file, content);
        return () => eventsOf(file, readSchema(), { rate: 1, poison: 0 }).next();
      };
      expect(events("pickup,fare\n")).to.throw("has no rows");
      expect(events("pickup,fare\nyesterday,7\n")).to.throw("row 1 the pickup 'yesterday'");
      expect(events("pickup,fare\n1,2,3\n")).to.throw("cannot be read as CSV");
      expect(() => eventsOf("missing.csv", readSchema(), { rate: 1, poison: 0 }).next()).to.throw(
        "missing.csv",
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the feed", () => {
  const forever = function* (): Generator<FeedEvent, never> {
    for (let index = 0; ; index++) yield { text: `${index}`, poison: index % 10 === 0 };
  };
  const options = (changes: object = {}) => ({
    ...{ rate: 500, seconds: 1, signal: new AbortController().signal, progress: () => undefined },
    ...changes,
  });
  class Memory implements Sink {
    readonly batch = 40;
    readonly name = "memory";
    readonly taken: string[] = [];
    send(events: FeedEvent[]): Promise<{ taken: FeedEvent[]; retried: number }> {
      this.taken.push(...events.map(({ text }) => text));
      return Promise.resolve({ taken: events, retried: 1 });
    }
  }

  it("sends as many events as rate and seconds say, each once", async () => {
    const sink = new Memory();
    const counts = await feed(forever(), sink, options());
    expect(counts).to.deep.include({ sent: 500, poison: 50 });
    expect(sink.taken).to.deep.equal(Array.from({ length: 500 }, (_, index) => `${index}`));
    expect(counts.seconds).to.be.above(0.8);
  });

  it("ends when it is told to, with the counts of what was taken", async () => {
    const controller = new AbortController();
    const sink = new Memory();
    const progress = () => controller.abort();
    const counts = await feed(
      forever(),
      sink,
      options({ seconds: undefined, signal: controller.signal, progress }),
    );
    expect(counts.sent).to.equal(sink.taken.length);
    expect(counts.sent).to.be.below(500);
  });

  it("ends with the error of a sink that fails", async () => {
    const sink = { batch: 1, name: "broken", send: () => Promise.reject(new Error("no such stream")) };
    const error = await feed(forever(), sink, options({ seconds: undefined })).then(
      () => undefined,
      (reason: Error) => reason.message,
    );
    expect(error).to.equal("no such stream");
  });

  it("sends what a shard refuses again, and nothing else, until it is taken", async () => {
    const stored: string[] = [];
    const requests: number[] = [];
    const client = {
      send({ input: { Records = [] } }: PutRecordsCommand) {
        requests.push(Records.length);
        const refuses = (index: number) => requests.length < 3 && index % 2 === 1;
        stored.push(
          ...Records.filter((_, index) => !refuses(index)).map(({ Data }) => Buffer.from(Data!).toString()),
        );
        return Promise.resolve({
          Records: Records.map((_, index) =>
            refuses(index)
              ? { ErrorCode: "ProvisionedThroughputExceededException" }
              : { SequenceNumber: "1" },
          ),
        });
      },
    } as unknown as KinesisClient;
    const events = Array.from({ length: 8 }, (_, index) => ({ text: `${index}`, poison: false }));
    const { taken, retried } = await new KinesisSink(client, "s").send(events, new AbortController().signal);
    expect(requests).to.deep.equal([8, 4, 2]);
    expect(retried).to.equal(6);
    expect(taken).to.have.length(8);
    expect([...stored].sort()).to.deep.equal(events.map(({ text }) => text));
  });

  it("makes an item of each event, and sends those again that a table refuses", async () => {
    const stored: Record<string, object>[] = [];
    let refusals = 2;
    const client = {
      send({ input }: DescribeTableCommand | BatchWriteItemCommand) {
        if (!("RequestItems" in input)) return Promise.resolve({ Table });
        const puts = Object.values(input.RequestItems ?? {}).flat();
        const refused = refusals-- > 0 ? puts.splice(1) : [];
        stored.push(...puts.map(({ PutRequest }) => PutRequest!.Item!));
        return Promise.resolve({ UnprocessedItems: refused.length > 0 ? { t: refused } : {} });
      },
    };
    const Table = {
      KeySchema: [{ AttributeName: "id" }, { AttributeName: "at" }],
      AttributeDefinitions: ["id", "at"].map((AttributeName) => ({
        ...{ AttributeName, AttributeType: AttributeName === "at" ? "N" : "S" },
      })),
    };
    const sink = await DynamodbSink.open(client as unknown as DynamoDBClient, "arn:aws:dynamodb:table/t");
    const texts = ['{"fare":7.5,"color":"yellow","tip":null}', "[1]", "no JSON"];
    const events = texts.map((text) => ({ text, poison: false }));
    const { taken, retried } = await sink.send(events, new AbortController().signal);
    expect([taken.length, retried]).to.deep.equal([3, 2 + 1]);
    expect(stored[0]).to.deep.include({ fare: { N: "7.5" }, color: { S: "yellow" } });
    expect(stored.map((item) => Object.keys(item))).to.deep.equal([
      ["id", "at", "fare", "color"],
      ...[
        ["id", "at"],
        ["id", "at"],
      ],
    ]);
    expect(new Set(stored.map(({ at }) => JSON.stringify(at))).size).to.equal(3);
  });
});
