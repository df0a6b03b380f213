import { FirehoseClient, ListDeliveryStreamsCommand } from "@aws-sdk/client-firehose";
import {
  DescribeStreamSummaryCommand,
  KinesisClient,
  ListStreamsCommand,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import {
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from "@aws-sdk/client-lambda";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { ListTopicsCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { eventsOf, type FeedEvent } from "../../../automation/feed/events";
import { feed } from "../../../automation/feed/feed";
import { KinesisSink } from "../../../automation/feed/sink";
import { readSchema } from "../../../automation/project";
import { type KinesisSettings, KinesisSource } from "../../../components/sources/kinesis-source";
import { type SlipwayEvent } from "../../../handlers/shared/events";
import { SourceStack } from "./source-stack";

const trips = join(__dirname, "../../../data/taxis.csv");
const StreamName = "plugins-sources-trips";

describe("kinesis source on the laptop", function () {
  this.timeout(120_000);
  let world: SourceStack;
  let bucket: string;
  let kinesis: KinesisClient;
  const settings: KinesisSettings = { kind: "kinesis", shards: 2, bufferSeconds: 1, bufferMegabytes: 1 };

  before(async function () {
    const started = await SourceStack.start((common) => {
      new KinesisSource("trips", { ...common, source: "trips", settings });
    });
    if (!started) return this.skip(); // this machine has no Pulumi CLI
    world = started;
    await world.stack.up();
    bucket = await world.bucket();
    kinesis = new KinesisClient(world.clientSettings);
  });
  after(() => world?.stop());

  const send = (events: Iterator<FeedEvent, never>, rate: number, seconds: number) =>
    feed(events, new KinesisSink(kinesis, StreamName), {
      ...{ rate, seconds, signal: new AbortController().signal, progress: () => undefined },
    });
  const put = (texts: string[]) =>
    kinesis.send(
      new PutRecordsCommand({
        StreamName,
        Records: texts.map((text, index) => ({ Data: Buffer.from(text), PartitionKey: `${index}` })),
      }),
    );
  const keys = async (Prefix: string) =>
    ((await world.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix }))).Contents ?? []).map(
      ({ Key = "" }) => Key,
    );
  const read = async (Key: string) => {
    const { Body } = await world.s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
    const bytes = Buffer.from(await Body!.transformToByteArray());
    return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString().trimEnd().split("\n");
  };
  /** All lines that have landed. */
  const landed = async () => {
    const manifests = (await keys("raw/trips/")).filter((key) => key.endsWith(".manifest.json"));
    return (await Promise.all(manifests.map((key) => read(key.replace(".manifest.json", ""))))).flat();
  };
  const untilLanded = async (count: number) => {
    for (;;) {
      const lines = await landed();
      if (lines.length >= count) return lines;
      await sleep(200);
    }
  };
  const texts = (start: number, count: number) => {
    const events = eventsOf(trips, readSchema(), { rate: 100, poison: 0, start });
    return Array.from({ length: count }, () => events.next().value.text);
  };
  const untilAllLanded = async (wanted: string[], between: () => Promise<unknown> = () => sleep(200)) => {
    for (;;) {
      const lines = new Set(await landed());
      if (wanted.every((text) => lines.has(text))) return;
      await between();
    }
  };
  /** Until so many records wait among those that were not passed on. */
  const untilFailed = async (count: number) => {
    while ((await Promise.all((await keys("incoming/trips/failed/")).map(read))).flat().length < count)
      await sleep(100);
  };
  const subscribe = async () => {
    const sqs = new SQSClient(world.clientSettings);
    const sns = new SNSClient(world.clientSettings);
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: "*",
        },
      ],
    });
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: "subscriber", Attributes: { Policy } }),
    );
    const { Topics = [] } = await sns.send(new ListTopicsCommand({}));
    const Endpoint = "arn:aws:sqs:us-east-1:000000000000:subscriber";
    await sns.send(
      new SubscribeCommand({
        ...{ TopicArn: Topics[0]?.TopicArn, Protocol: "sqs", Endpoint },
        Attributes: { RawMessageDelivery: "true" },
      }),
    );
    return async () => {
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 2, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length > 0) return Messages.map(({ Body = "" }) => JSON.parse(Body) as SlipwayEvent);
      }
    };
  };

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await world.stack.up({ refresh: true, expectNoChanges: true });
  });

  it("lands each event once, and leaves nothing behind in incoming/", async () => {
    const events = eventsOf(trips, readSchema(), { rate: 500, poison: 0 });
    const { sent, poison } = await send(events, 500, 2);
    expect([sent, poison]).to.deep.equal([1000, 0]);
    const lines = await untilLanded(1000);
    expect(lines).to.have.length(1000);
    expect(new Set(lines).size).to.equal(1000);
    expect(JSON.parse(lines[0]!)).to.have.property("fare").that.is.a("number");
    while ((await keys("incoming/trips/")).length > 0) await sleep(100);
  });

  it("lands nothing twice when it was killed after it had landed", async () => {
    const before = await world.snapshot("trips");
    expect(await world.restore("trips")).to.be.least(1);
    expect((await world.run("trips")).landed).to.deep.equal([]);
    expect((await world.snapshot("trips")).rows).to.deep.equal(before.rows);
    expect(before.rows).to.deep.equal({ read: 1000, rejected: 0, duplicates: 0, kept: 1000 });
    expect(await keys("incoming/trips/")).to.deep.equal([]);
  });

  it("keeps poison with its reasons, and announces all of it at once", async () => {
    const received = await subscribe();
    const before = (await landed()).length;
    const events = eventsOf(trips, readSchema(), { rate: 100, poison: 0.1, start: Date.parse("2020-01-01") });
    const { sent, poison } = await send(events, 100, 2);
    expect([sent, poison]).to.deep.equal([200, 20]);
    await untilLanded(before + 180);
    await untilFailed(20);
    const { setAside } = await world.run("trips");
    expect(setAside).to.not.have.length(0);
    const rejected = (await keys("rejected/trips/")).filter((key) => key.endsWith(".jsonl"));
    const records = (await Promise.all(rejected.map(read))).flat();
    expect(records).to.have.length(20);
    const reasons = records.map((line) => (JSON.parse(line) as { reason: string }).reason);
    expect(new Set(reasons)).to.include.members(["the record is an array, not one JSON object"]);
    const told = await received();
    expect(told.map(({ kind }) => kind)).to.deep.equal(["data.rejected"]);
    expect(told[0]?.detail).to.deep.include({ source: "trips", rejected: 20, read: 20 });
    expect(await keys("incoming/trips/")).to.deep.equal([]);
    expect((await world.run("trips")).setAside).to.deep.equal([]);
  });

  it("lands what is sent twice twice, as the same line, and what comes late", async () => {
    const before = (await landed()).length;
    const [event] = [eventsOf(trips, readSchema(), { rate: 1, poison: 0, start: 0 }).next().value.text];
    const late = event.replace("1970-01-01", "2019-01-01").replaceAll("1970-01-01", "2019-01-01");
    await put([late, late]);
    const lines = await untilLanded(before + 2);
    expect(lines.filter((line) => line === late)).to.have.length(2);
  });

  // Before functions are changed: MiniStack saves such changes some seconds later, and would lose them.
  it("loses nothing when MiniStack is killed in the middle", async () => {
    const start = Date.parse("2023-01-01");
    const sending = send(eventsOf(trips, readSchema(), { rate: 100, poison: 0, start }), 100, 4);
    await sleep(1500);
    await world.cloud.crash();
    expect((await sending).sent).to.equal(400);
    // what S3 had told of may have died with MiniStack
    await untilAllLanded(texts(start, 400), () => world.run("trips"));
  });

  it("lands after all what the Lambda could not check for a while", async () => {
    const before = (await landed()).length;
    const FunctionName = "plugins-sources-transform-trips";
    const lambda = new LambdaClient(world.clientSettings);
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
    const events = eventsOf(trips, readSchema(), { rate: 50, poison: 0, start: Date.parse("2021-01-01") });
    await send(events, 50, 1);
    await untilFailed(50);
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
    await send(events, 50, 1);
    await untilLanded(before + 50);
    expect((await world.run("trips")).setAside).to.deep.equal([]);
    expect(await untilLanded(before + 100)).to.have.length(before + 100);
  });

  it("may read and remove what was delivered for it, no more", async () => {
    const own = `arn:aws:s3:::${bucket}`;
    const allowed = {
      "s3:GetObject": [`${own}/incoming/trips/records/2026-01-01/a.gz`],
      "s3:DeleteObject": [`${own}/incoming/trips/failed/a`],
    };
    const denied = {
      "s3:PutObject": [`${own}/incoming/trips/records/a`],
      "s3:DeleteObject": [`${own}/incoming/other/a`, `${own}/rejected/trips/a`],
      "kinesis:GetRecords": [`arn:aws:kinesis:us-east-1:000000000000:stream/${StreamName}`],
    };
    expect(await world.decisions("trips", allowed)).to.deep.equal(Array(2).fill("allowed"));
    expect(await world.decisions("trips", denied)).to.deep.equal(Array(4).fill("implicitDeny"));
  });

  it("changes the data stream and the delivery in place, and keeps what is in them", async () => {
    const start = Date.parse("2022-01-01");
    delete settings.shards;
    Object.assign(settings, { bufferSeconds: 2, retentionHours: 48 });
    await send(eventsOf(trips, readSchema(), { rate: 100, poison: 0, start }), 100, 1);
    const { summary } = await world.stack.up();
    expect(summary.resourceChanges).to.include({ update: 3 }).and.not.have.any.keys("replace", "delete");
    const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
    expect(StreamDescriptionSummary).to.deep.include({
      ...{ RetentionPeriodHours: 48, StreamModeDetails: { StreamMode: "ON_DEMAND" }, OpenShardCount: 2 },
    });
    await untilAllLanded(texts(start, 100));
  });

  it("is gone when it is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.deep.equal([]);
    const { StreamNames } = await kinesis.send(new ListStreamsCommand({}));
    const firehose = new FirehoseClient(world.clientSettings);
    const { DeliveryStreamNames } = await firehose.send(new ListDeliveryStreamsCommand({}));
    expect([StreamNames, DeliveryStreamNames]).to.deep.equal([[], []]);
  });
});
