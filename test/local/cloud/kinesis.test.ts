import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { PutRecordBatchCommand } from "@aws-sdk/client-firehose";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
  UpdateShardCountCommand,
} from "@aws-sdk/client-kinesis";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig } from "../../../local/state";
import { type Laptop, startLaptop } from "../laptop";
import { arnOf, DeliveryWorld, permissions, transformedBy } from "./delivery";
import { killCloud } from "./kill";

const numbers = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `${from + index}`);

describe("Kinesis of the local cloud", function () {
  this.timeout(40_000);
  let laptop: Laptop;
  let world: DeliveryWorld;
  let kinesis: KinesisClient;

  before(async () => {
    process.env.SLIPWAY_SAVE_SECONDS = "0.5";
    laptop = await startLaptop("cloud");
    kinesis = new KinesisClient(clientConfig(laptop.state));
    world = new DeliveryWorld(laptop.state);
    await world.prepare();
  });
  after(async () => {
    delete process.env.SLIPWAY_SAVE_SECONDS;
    await laptop?.stop();
  });

  const stream = async (StreamName: string, ShardCount?: number) => {
    const StreamMode = ShardCount ? ("PROVISIONED" as const) : ("ON_DEMAND" as const);
    await kinesis.send(
      new CreateStreamCommand({ StreamName, ShardCount, StreamModeDetails: { StreamMode } }),
    );
    return arnOf("kinesis", `stream/${StreamName}`);
  };
  const put = (StreamName: string, texts: string[]) =>
    kinesis.send(
      new PutRecordsCommand({
        StreamName,
        Records: texts.map((text) => ({ Data: Buffer.from(`${text}\n`), PartitionKey: text })),
      }),
    );
  const source = (KinesisStreamARN: string, role = "firehose") => ({
    KinesisStreamARN,
    RoleARN: `arn:aws:iam::000000000000:role/${role}`,
  });
  const shardsOf = async (StreamName: string) =>
    (await kinesis.send(new ListShardsCommand({ StreamName }))).Shards ?? [];
  const recordsOf = async (StreamName: string) => {
    const found: string[] = [];
    for (const { ShardId } of await shardsOf(StreamName)) {
      const { ShardIterator } = await kinesis.send(
        new GetShardIteratorCommand({ StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" }),
      );
      const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      found.push(...Records.map(({ Data }) => Buffer.from(Data!).toString().trim()));
    }
    return found.sort((a, b) => Number(a) - Number(b));
  };

  it("delivers each record of a stream's shards once", async () => {
    const arn = await stream("once", 3);
    await put("once", ["early"]); // before the delivery stream is there
    await sleep(1100);
    await world.deliveryStream("once", {}, source(arn));
    for (let from = 0; from < 1000; from += 250) await put("once", numbers(from, 250));
    const lines = await world.arrived("once/data/", 1000);
    expect(lines.sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbers(0, 1000));
  });

  it("loses nothing that was acknowledged when it is killed, and goes on where it was", async function () {
    if (process.platform !== "linux") this.skip(); // the process is found in /proc
    const arn = await stream("killed", 2);
    await world.deliveryStream("killed", {}, source(arn));
    await world.deliveryStream("killed-direct", { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 3 } });
    await put("killed", numbers(0, 100));
    await world.arrived("killed/data/", 100);
    await sleep(1500); // its metadata is saved
    await put("killed", numbers(100, 100));
    await world.firehose.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: "killed-direct",
        Records: numbers(0, 100).map((text) => ({ Data: Buffer.from(`${text}\n`) })),
      }),
    );
    await killCloud(laptop);
    await put("killed", numbers(200, 100));
    const lines = await world.arrived("killed/data/", 300);
    expect([...new Set(lines)].sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbers(0, 300));
    expect(await world.arrived("killed-direct/data/", 100)).to.deep.equal(numbers(0, 100));
    expect(await recordsOf("killed")).to.deep.equal(numbers(0, 300));
  });

  it("refuses what is above a shard's limit, record by record", async () => {
    await stream("narrow", 1);
    const answers = await Promise.all(
      numbers(0, 4).map((one) => put("narrow", numbers(Number(one) * 500, 500))),
    );
    const refused = answers.flatMap(({ Records = [] }) => Records).filter(({ ErrorCode }) => ErrorCode);
    expect(refused.length).to.be.within(100, 1000);
    expect(refused[0]?.ErrorCode).to.equal("ProvisionedThroughputExceededException");
    expect(answers.reduce((sum, { FailedRecordCount = 0 }) => sum + FailedRecordCount, 0)).to.equal(
      refused.length,
    );
    expect(await recordsOf("narrow")).to.have.length(2000 - refused.length);
    const metrics = await new CloudWatchClient(clientConfig(laptop.state)).send(
      new GetMetricStatisticsCommand({
        ...{ Namespace: "AWS/Kinesis", MetricName: "WriteProvisionedThroughputExceeded" },
        ...{ Statistics: ["Sum"], Period: 3600, Dimensions: [{ Name: "StreamName", Value: "narrow" }] },
        ...{ StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 60_000) },
      }),
    );
    expect(metrics.Datapoints?.[0]?.Sum).to.equal(refused.length);
  });

  it("keeps records when a stream is resharded, and delivers them", async () => {
    const arn = await stream("resharded", 1);
    await world.deliveryStream("resharded", {}, source(arn));
    await put("resharded", numbers(0, 300));
    await kinesis.send(
      new UpdateShardCountCommand({
        ...{ StreamName: "resharded", TargetShardCount: 4, ScalingType: "UNIFORM_SCALING" },
      }),
    );
    await put("resharded", numbers(300, 300));
    expect(await recordsOf("resharded")).to.deep.equal(numbers(0, 600));
    const lines = await world.arrived("resharded/data/", 600);
    expect(lines.sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbers(0, 600));
  });

  it("is not read by Firehose without its role's permissions, the stream's key among them", async () => {
    const arn = await stream("sealed");
    const { KeyMetadata } = await new KMSClient(clientConfig(laptop.state)).send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata!.Arn;
    await kinesis.send(
      new StartStreamEncryptionCommand({ StreamName: "sealed", EncryptionType: "KMS", KeyId }),
    );
    await world.role("reader", "firehose.amazonaws.com", [permissions.write]);
    await world.deliveryStream("sealed", {}, source(arn, "reader"));
    await put("sealed", numbers(0, 10));
    await sleep(1500);
    expect(await world.keys("sealed/")).to.deep.equal([]);
    await world.role("reader", "firehose.amazonaws.com", [permissions.write, permissions.read]);
    await sleep(2500);
    expect(await world.keys("sealed/")).to.deep.equal([]);
    const decrypt = { Action: "kms:Decrypt", Resource: KeyId };
    await world.role("reader", "firehose.amazonaws.com", [permissions.write, permissions.read, decrypt]);
    expect(await world.arrived("sealed/data/", 10)).to.have.length(10);
  });

  it("loses nothing of what waits for a function that fails for a while", async () => {
    const arn = await stream("patient", 1);
    const lambda = await world.function(
      "patient",
      `if (Date.now() < ${Date.now() + 4000}) throw new Error("not yet");
       return { records: event.records.map(({ recordId, data }) => ({ recordId, result: "Ok", data })) };`,
    );
    await world.deliveryStream("patient", { ProcessingConfiguration: transformedBy(lambda, 0) }, source(arn));
    for (let from = 0; from < 60; from += 10) {
      await put("patient", numbers(from, 10));
      await sleep(1000);
    }
    await world.arrived("patient/", 60);
    const failed = (await world.lines("patient/processing-failed/")).map(
      (line) => (JSON.parse(line) as { rawData: string }).rawData,
    );
    const raw = failed.map((data) => Buffer.from(data, "base64").toString().trim());
    const taken = await world.lines("patient/data/");
    expect(taken).to.not.have.length(0);
    expect(raw).to.not.have.length(0);
    expect([...raw, ...taken].sort((a, b) => Number(a) - Number(b))).to.deep.equal(numbers(0, 60));
  });
});
