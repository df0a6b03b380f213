import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { ResultsTopic } from "../../../components/results/results-topic";
import { StateTable } from "../../../components/data/state-table";
import { type KinesisSettings, KinesisSource } from "../../../components/sources/kinesis-source";
import { context, type Declared, declare, failure, only, statements } from "../mocks";

const stream = "arn:aws:kinesis:us-east-1:123456789012:stream/theirs";
const key = "arn:aws:kms:us-east-1:123456789012:key/0a";

describe("components/sources/kinesis-source", () => {
  const source = (settings: Partial<KinesisSettings> = {}) =>
    declare(() => {
      const data = new DataBucket("data", { context, deleteData: false });
      const results = new ResultsTopic("results", {
        ...{
          context,
          state: new StateTable("state", { context, deleteData: true }),
          subscribers: [],
          digestSeconds: 0,
          logRetentionDays: 7,
        },
      });
      new KinesisSource("trips", {
        ...{ context, data, results, logRetentionDays: 7, source: "trips" },
        settings: { kind: "kinesis", ...settings },
      });
    });
  /** The actions on each resource that Firehose's role is allowed. */
  const allowed = (declared: Declared[]) =>
    declared
      .filter(({ type, name }) => type.endsWith(":RolePolicy") && name.includes("-firehose-trips-"))
      .flatMap(({ inputs }) => statements(inputs))
      .map(({ Action, Resource }) => ({ actions: [Action].flat(), resources: [Resource].flat() }));
  const s3 = (declared: Declared[]) =>
    only(declared, "FirehoseDeliveryStream").extendedS3Configuration as Record<string, unknown>;

  it("makes an encrypted data stream on demand, or one with shards", async () => {
    const onDemand = only(await source(), "Stream");
    expect(onDemand).to.deep.include({
      ...{ name: "slipway-dev-trips", encryptionType: "KMS", retentionPeriod: 24 },
      streamModeDetails: { streamMode: "ON_DEMAND" },
    });
    expect(onDemand).to.not.have.property("shardCount");
    const provisioned = only(await source({ shards: 3, retentionHours: 168 }), "Stream");
    expect(provisioned).to.deep.include({
      ...{ shardCount: 3, retentionPeriod: 168, streamModeDetails: { streamMode: "PROVISIONED" } },
    });
  });

  it("reads a data stream that is there already, with its key", async () => {
    const declared = await source({ streamArn: stream, keyArn: key });
    expect(declared.filter(({ type }) => type.endsWith(":Stream"))).to.deep.equal([]);
    expect(only(declared, "FirehoseDeliveryStream").kinesisSourceConfiguration).to.deep.include({
      kinesisStreamArn: stream,
    });
    const grants = allowed(declared);
    expect(grants.find(({ actions }) => actions.includes("kinesis:GetRecords"))?.resources).to.deep.equal([
      stream,
    ]);
    expect(grants.filter(({ resources }) => resources.includes(key))).to.deep.equal([
      { actions: ["kms:Decrypt"], resources: [key] },
    ]);
  });

  it("has Firehose check, compress and gather records, below prefixes with the day", async () => {
    const declared = await source({ bufferSeconds: 300, bufferMegabytes: 32 });
    expect(s3(declared)).to.deep.include({
      ...{ bufferingInterval: 300, bufferingSize: 32, compressionFormat: "GZIP" },
      prefix: "incoming/trips/records/!{timestamp:yyyy-MM-dd}/",
      errorOutputPrefix: "incoming/trips/failed/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/",
    });
    const processing = s3(declared).processingConfiguration as {
      processors: { parameters: { parameterName: string; parameterValue: string }[] }[];
    };
    const parameters = processing.processors[0]?.parameters ?? [];
    expect(
      Object.fromEntries(
        parameters.map(({ parameterName, parameterValue }) => [parameterName, parameterValue]),
      ),
    ).to.deep.include({ BufferSizeInMBs: "1", BufferIntervalInSeconds: "60" });
  });

  it("allows Firehose what it does, on this source's resources only", async () => {
    const grants = allowed(await source());
    const resources = grants.flatMap((grant) => grant.resources as string[]);
    expect(resources).to.not.include("*");
    const actions = grants.flatMap((grant) => grant.actions as string[]);
    expect(actions.every((action) => !action.includes("*"))).to.equal(true);
    expect(grants.find((grant) => grant.actions.includes("s3:PutObject"))?.resources).to.deep.equal([
      "arn:aws:aws:s3/bucket:Bucket:data-bucket/incoming/trips/*",
    ]);
  });

  it("lands by event and on a schedule, and removes what has landed", async () => {
    const declared = await source();
    const rules = declared.filter(
      ({ type, name }) => type.endsWith(":EventRule") && name.startsWith("trips"),
    );
    const pattern = JSON.parse(rules[0]?.inputs.eventPattern as string) as { detail: object };
    expect(pattern.detail).to.deep.include({ object: { key: [{ prefix: "incoming/trips/records/" }] } });
    expect(only(declared, "Schedule").scheduleExpression).to.equal("rate(15 minutes)");
    const take = only(declared, "RolePolicy", "take-incoming-trips");
    expect(statements(take).map(({ Action }) => Action)).to.deep.equal(["s3:DeleteObject"]);
  });

  it("rings when records cannot be checked, wait, are unread or are refused", async () => {
    const declared = await source({ bufferSeconds: 100 });
    const alarms = declared.filter(({ type }) => type.endsWith(":MetricAlarm")).map(({ inputs }) => inputs);
    const by = Object.fromEntries(alarms.map((alarm) => [alarm.metricName as string, alarm])) as Record<
      string,
      Record<string, unknown>
    >;
    expect(by["DeliveryToS3.DataFreshness"]).to.deep.include({ threshold: 800, statistic: "Maximum" });
    expect(by.KinesisMillisBehindLatest).to.deep.include({ threshold: 600_000, statistic: "Maximum" });
    expect(by.WriteProvisionedThroughputExceeded?.dimensions).to.deep.equal({
      StreamName: "slipway-dev-trips",
    });
    expect(alarms.map(({ name }) => name)).to.include.members([
      "slipway-dev-source-trips-errors",
      "slipway-dev-source-trips-transform-errors",
    ]);
  });

  const refused: [string, Partial<KinesisSettings>, string][] = [
    ["an ARN that is none", { streamArn: "theirs" }, 'streamArn is "theirs": give the ARN'],
    ["shards of a stream that is there", { streamArn: stream, shards: 2 }, "shards is 2: leave it out"],
    ["no shards", { shards: 0 }, "shards is 0: give a whole number from 1 to 500"],
    ["a key without its stream", { keyArn: key }, "leave it out: a data stream that the source makes"],
    ["a buffer that never ends", { bufferSeconds: 901 }, "bufferSeconds is 901"],
    ["a buffer of nothing", { bufferMegabytes: 0 }, "bufferMegabytes is 0"],
    ["a retention that AWS has not", { retentionHours: 1 }, "retentionHours is 1"],
    ["a schedule that is none", { schedule: "hourly" }, 'schedule is "hourly"'],
  ];
  for (const [what, settings, message] of refused) {
    it(`refuses ${what}`, async () => expect(await failure(() => source(settings))).to.contain(message));
  }
});
