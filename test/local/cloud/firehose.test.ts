import { GetMetricStatisticsCommand, CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import {
  DeleteDeliveryStreamCommand,
  PutRecordBatchCommand,
  PutRecordCommand,
} from "@aws-sdk/client-firehose";
import { expect } from "chai";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig } from "../../../local/state";
import { failure, type Laptop, startLaptop } from "../laptop";
import { DeliveryWorld, permissions, transformedBy } from "./delivery";

describe("Firehose of the local cloud", function () {
  this.timeout(30_000);
  let laptop: Laptop;
  let world: DeliveryWorld;

  before(async () => {
    laptop = await startLaptop("cloud");
    world = new DeliveryWorld(laptop.state);
    await world.prepare();
  });
  after(async () => laptop?.stop());

  const put = (DeliveryStreamName: string, ...texts: string[]) =>
    world.firehose.send(
      new PutRecordBatchCommand({
        DeliveryStreamName,
        Records: texts.map((text) => ({ Data: Buffer.from(text) })),
      }),
    );

  const metric = async (Namespace: string, MetricName: string, Name: string, Value: string) => {
    const { Datapoints = [] } = await new CloudWatchClient(clientConfig(laptop.state)).send(
      new GetMetricStatisticsCommand({
        ...{ Namespace, MetricName, Statistics: ["Sum", "Maximum"], Period: 86_400 },
        ...{ StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date(Date.now() + 60_000) },
        Dimensions: [{ Name, Value }],
      }),
    );
    return Datapoints[0];
  };

  it("gathers records into one compressed object, named as on AWS", async () => {
    await world.deliveryStream("gathers", { CompressionFormat: "GZIP" });
    await put("gathers", "1\n", "2\n");
    await put("gathers", "3\n");
    expect(await world.arrived("gathers/", 3)).to.deep.equal(["1", "2", "3"]);
    const keys = await world.keys("gathers/");
    expect(keys).to.have.length(1);
    expect(keys[0]).to.match(
      /^gathers\/data\/20\d\d-\d\d-\d\d\/gathers-1-20\d\d(-\d\d){5}-[0-9a-f-]{36}\.gz$/,
    );
  });

  it("delivers when the size is reached, not waiting for the interval", async () => {
    await world.deliveryStream("size", { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 900 } });
    const line = `${"x".repeat(200_000)}\n`;
    await put("size", ...Array<string>(5).fill(line));
    await sleep(600);
    expect(await world.keys("size/")).to.deep.equal([]);
    await put("size", line);
    expect(await world.arrived("size/", 6)).to.have.length(6);
  });

  it("transforms, drops, and writes what the function does not take as AWS does", async () => {
    const arn = await world.function(
      "upper",
      `return { records: event.records.map(({ recordId, data }) => {
        const text = Buffer.from(data, "base64").toString();
        if (text.startsWith("drop")) return { recordId, result: "Dropped" };
        if (text.startsWith("poison")) return { recordId, result: "ProcessingFailed" };
        return { recordId, result: "Ok", data: Buffer.from(text.toUpperCase() + "\\n").toString("base64") };
      }) };`,
    );
    await world.deliveryStream("transforms", { ProcessingConfiguration: transformedBy(arn) });
    await put("transforms", "a", "drop me", "poison", "b");
    expect(await world.arrived("transforms/data/", 2)).to.deep.equal(["A", "B"]);
    const [line = ""] = await world.arrived("transforms/processing-failed/", 1);
    const record = JSON.parse(line) as Record<string, unknown>;
    expect(record).to.deep.include({
      attemptsMade: 1,
      errorCode: "Lambda.ProcessingFailedStatus",
      errorMessage: "ProcessingFailed status set for record",
      rawData: Buffer.from("poison").toString("base64"),
      lambdaArn: arn,
    });
    expect(record.arrivalTimestamp).to.be.closeTo(Date.now(), 30_000);
    expect(await world.lines("transforms/")).to.have.length(3);
  });

  it("tries a function that fails again, and then keeps the records as failed", async () => {
    const arn = await world.function("fails", `throw new Error("out of order");`);
    await world.deliveryStream("fails", { ProcessingConfiguration: transformedBy(arn, 2) });
    await put("fails", "1", "2");
    const lines = await world.arrived("fails/processing-failed/", 2);
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ rawData }) => Buffer.from(String(rawData), "base64").toString())).to.deep.equal([
      "1",
      "2",
    ]);
    expect(records[0]).to.deep.include({ attemptsMade: 3, errorCode: "Lambda.FunctionError" });
    expect(records[0]?.errorMessage).to.contain("out of order");
    expect((await metric("AWS/Lambda", "Errors", "FunctionName", "fails"))?.Sum).to.equal(3);
  });

  it("calls an answer that lacks a record a failure of all", async () => {
    const arn = await world.function("lacks", `return { records: [] };`);
    await world.deliveryStream("lacks", { ProcessingConfiguration: transformedBy(arn, 0) });
    await put("lacks", "1");
    const [line = ""] = await world.arrived("lacks/processing-failed/", 1);
    expect(JSON.parse(line)).to.deep.include({ errorCode: "Lambda.MissingRecordId", attemptsMade: 1 });
  });

  it("waits while its role may not write, and delivers when it may", async () => {
    const RoleARN = await world.role("forgetful", "firehose.amazonaws.com", [permissions.transform]);
    await world.deliveryStream("waits", { RoleARN });
    await put("waits", "1\n", "2\n");
    await sleep(6000); // metrics come each five seconds
    expect(await world.keys("waits/")).to.deep.equal([]);
    const freshness = await metric(
      "AWS/Firehose",
      "DeliveryToS3.DataFreshness",
      "DeliveryStreamName",
      "waits",
    );
    expect(freshness?.Maximum).to.be.above(0);
    await world.role("forgetful", "firehose.amazonaws.com", [permissions.write]);
    expect(await world.arrived("waits/", 2)).to.deep.equal(["1", "2"]);
  });

  it("refuses a role that does not trust it", async () => {
    const RoleARN = await world.role("others", "lambda.amazonaws.com", Object.values(permissions));
    await world.deliveryStream("untrusted", { RoleARN });
    await put("untrusted", "1\n");
    await sleep(2500);
    expect(await world.keys("untrusted/")).to.deep.equal([]);
  });

  it("refuses prefixes that AWS refuses, records that are too large, and batches of the wrong length", async () => {
    const changed = (changes: object) => failure(world.deliveryStream("refused", changes));
    expect((await changed({ Prefix: "a/!{timestamp:yyyy}/", ErrorOutputPrefix: "" })).message).to.equal(
      "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions.",
    );
    expect((await changed({ ErrorOutputPrefix: "errors/" })).message).to.contain("must contain");
    expect((await changed({ Prefix: "!{firehose:error-output-type}/" })).message).to.contain(
      "cannot contain",
    );
    await world.deliveryStream("strict");
    expect((await failure(put("strict"))).name).to.equal("InvalidArgumentException");
    const Record = { Data: Buffer.alloc(1_024_001) };
    const large = world.firehose.send(new PutRecordCommand({ DeliveryStreamName: "strict", Record }));
    expect((await failure(large)).message).to.contain("1,000 KiB");
  });

  it("forgets a stream that is deleted", async () => {
    await world.deliveryStream("deleted", { BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 900 } });
    await put("deleted", "1\n");
    const folders = () =>
      readdirSync(join(laptop.home, "cloud", "state", "firehose")).filter((name) =>
        name.includes("-deleted-"),
      );
    expect(folders()).to.have.length(1);
    await world.firehose.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: "deleted" }));
    expect(folders()).to.deep.equal([]);
  });
});
