import { expect } from "chai";
import { alarmEvents } from "../../../components/shared/alarm";
import { S3Source, type S3Settings } from "../../../components/sources/s3-source";
import { DataBucket } from "../../../components/data/data-bucket";
import { ResultsTopic } from "../../../components/results/results-topic";
import { StateTable } from "../../../components/data/state-table";
import { type SourceArgs } from "../../../components/sources/data-source";
import { context, declare, failure, only, statements } from "../mocks";

export const common = (): SourceArgs => ({
  context,
  data: new DataBucket("data", { context, deleteData: false }),
  results: new ResultsTopic("results", {
    context,
    state: new StateTable("state", { context, deleteData: true }),
    subscribers: [],
    digestSeconds: 0,
    logRetentionDays: 7,
  }),
  ...{ logRetentionDays: 7, source: "files" },
});

const data = "arn:aws:aws:s3/bucket:Bucket:data-bucket";
const source = (settings: Omit<S3Settings, "kind"> = {}, args: Partial<SourceArgs> = {}) =>
  declare(() => void new S3Source("files", { ...common(), ...args, settings: { kind: "s3", ...settings } }));
const theirs = { bucket: "arn:aws:s3:::theirs", prefix: "trips/" };

describe("S3Source", () => {
  it("runs its Lambda by events of its own files, and every hour", async () => {
    const declared = await source();
    expect(only(declared, "Function", "files-ingest-function")).to.deep.include({
      ...{ name: "slipway-dev-ingest-files", timeout: 900, memorySize: 1769 },
    });
    expect(JSON.parse(only(declared, "EventRule", "objects").eventPattern as string)).to.deep.equal({
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { bucket: { name: ["data-bucket-1"] }, object: { key: [{ prefix: "incoming/files/" }] } },
    });
    expect(only(declared, "Permission", "objects-invoke")).to.deep.include({
      ...{
        principal: "events.amazonaws.com",
        sourceArn: "arn:aws:aws:cloudwatch/eventRule:EventRule:files-objects",
      },
    });
    expect(only(declared, "Schedule")).to.deep.include({
      ...{ name: "slipway-dev-ingest-files", scheduleExpression: "rate(1 hour)" },
      flexibleTimeWindow: { mode: "OFF" },
    });
    expect((only(declared, "Schedule").target as { input: string }).input).to.equal('{"action":"run"}');
  });

  it("lets the schedule run this Lambda and nothing else", async () => {
    const [statement, ...more] = statements(only(await source(), "RolePolicy", "files-schedule-invoke"));
    expect(more).to.deep.equal([]);
    expect(statement).to.include({
      ...{
        Action: "lambda:InvokeFunction",
        Resource: "arn:aws:aws:lambda/function:Function:files-ingest-function",
      },
    });
  });

  it("writes below its own prefixes only", async () => {
    const declared = await source();
    const writes = declared
      .filter(({ type, name }) => type.endsWith(":RolePolicy") && name.includes("ingest-files"))
      .flatMap(({ inputs }) => statements(inputs))
      .filter(({ Action }) => [Action].flat().some((action) => /s3:(Put|Delete)/.test(String(action))));
    expect(writes.map(({ Resource }) => Resource)).to.deep.equal([
      [`${data}/raw/files/*`, `${data}/rejected/files/*`, `${data}/sources/files/*`],
      `${data}/raw/files/*`,
    ]);
  });

  it("reads of a bucket elsewhere its prefix, with its key, and asks the data bucket for no events", async () => {
    const keyArn = "arn:aws:kms:us-east-1:123456789012:key/0a";
    const declared = await source({ ...theirs, keyArn });
    const granted = statements(only(declared, "RolePolicy", "files-ingest-files-read"));
    expect(granted.map(({ Action, Resource }) => [Action, Resource])).to.deep.equal([
      ["s3:ListBucket", "arn:aws:s3:::theirs"],
      ["s3:GetObject", "arn:aws:s3:::theirs/trips/*"],
      ["kms:Decrypt", keyArn],
    ]);
    expect(declared.filter(({ type }) => type.endsWith(":BucketNotification"))).to.deep.equal([]);
  });

  it("shares the data bucket's one notification configuration with other sources", async () => {
    const declared = await declare(() => {
      const args = common();
      for (const name of ["a", "b"]) new S3Source(name, { ...args, source: name, settings: { kind: "s3" } });
    });
    expect(only(declared, "BucketNotification").eventbridge).to.equal(true);
  });

  it("rings when its Lambda fails, under a name that the topic's rule knows", async () => {
    const alarm = only(await source(), "MetricAlarm", "files-errors");
    expect(alarm).to.deep.include({
      ...{ namespace: "AWS/Lambda", metricName: "Errors", threshold: 0 },
      dimensions: { FunctionName: "slipway-dev-ingest-files" },
    });
    const [{ prefix }] = alarmEvents(context).alarms.detail.alarmName as [{ prefix: string }];
    expect(alarm.name).to.match(new RegExp(`^${prefix}source-files-errors$`));
  });

  it("names a bad property, its value and the fix", async () => {
    const bad = (settings: Omit<S3Settings, "kind">, args: Partial<SourceArgs> = {}) =>
      failure(() => source(settings, args));
    expect(await bad({}, { source: "My files" })).to.match(
      /^source is "My files": give a name of at most 15/,
    );
    expect(await bad({ bucket: "theirs" })).to.match(/^bucket is "theirs": give the ARN of a bucket/);
    expect(await bad({ prefix: "trips/" })).to.match(/^prefix is "trips\/": leave it out/);
    expect(await bad({ ...theirs, prefix: "*" })).to.match(/^prefix is "\*": give what the keys begin with/);
    expect(await bad({ ...theirs, keyArn: "alias/x" })).to.match(/^keyArn is "alias\/x": give the ARN/);
    expect(await bad({ maxMegabytes: 0 })).to.match(/^maxMegabytes is 0: give a whole number/);
    expect(await bad({ schedule: "hourly" })).to.match(/^schedule is "hourly": write rate\(1 hour\)/);
    expect(await bad({ schedule: "rate(0 hours)" })).to.match(/^schedule is "rate\(0 hours\)"/);
  });
});
