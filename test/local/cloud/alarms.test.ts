import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig } from "../../../local/state";
import { type Laptop, startLaptop } from "../laptop";

describe("CloudWatch alarms of the local cloud", function () {
  this.timeout(60_000);
  let laptop: Laptop;
  let cloudWatch: CloudWatchClient;

  before(async () => {
    laptop = await startLaptop("cloud");
    cloudWatch = new CloudWatchClient(clientConfig(laptop.state));
  });
  after(async () => laptop?.stop());

  const dimensions = (value: string) => [{ Name: "Endpoint", Value: value }];
  const alarm = (AlarmName: string, changes: Partial<PutMetricAlarmCommandInput> = {}) =>
    cloudWatch.send(
      new PutMetricAlarmCommand({
        ...{ AlarmName, Namespace: "Test", MetricName: "Wrong", Statistic: "Sum", Period: 10 },
        ...{ Dimensions: dimensions(AlarmName), EvaluationPeriods: 1, Threshold: 0 },
        ...{ ComparisonOperator: "GreaterThanThreshold", TreatMissingData: "notBreaching", ...changes },
      }),
    );
  const put = (value: string, Values: number[], secondsAgo = 0) =>
    cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: "Test",
        MetricData: [
          {
            ...{ MetricName: "Wrong", Dimensions: dimensions(value), Values },
            Timestamp: new Date(Date.now() - secondsAgo * 1000),
          },
        ],
      }),
    );
  const state = async (AlarmName: string) => {
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [AlarmName] }));
    return MetricAlarms?.[0]?.StateValue;
  };
  const comesTo = async (name: string, wanted: string) => {
    while ((await state(name)) !== wanted) await sleep(100);
  };

  it("ring for their own dimensions only, and end when the data do", async () => {
    await alarm("mine", { Period: 3 });
    await alarm("other");
    await comesTo("other", "OK");
    await put("mine", [0, 1]);
    await comesTo("mine", "ALARM");
    expect(await state("other")).to.equal("OK");
    await comesTo("mine", "OK");
  });

  it("take missing data as they are told to", async () => {
    await alarm("breaching", { TreatMissingData: "breaching" });
    await alarm("missing", { TreatMissingData: "missing" });
    await put("missing", [0]);
    await alarm("ignored", { TreatMissingData: "ignore", Period: 3 });
    await put("ignored", [1]);
    await comesTo("breaching", "ALARM");
    await comesTo("missing", "OK");
    await comesTo("ignored", "ALARM");
    await alarm("missing", { TreatMissingData: "missing", Dimensions: dimensions("nobody") });
    await comesTo("missing", "INSUFFICIENT_DATA");
    await sleep(4000); // no data any more
    expect(await state("ignored")).to.equal("ALARM");
  });

  it("count breaching periods, and know percentiles", async () => {
    const two = { EvaluationPeriods: 3, DatapointsToAlarm: 2 };
    await alarm("periods", two);
    await put("periods", [1], 5);
    await comesTo("periods", "OK");
    await put("periods", [1], 15);
    await comesTo("periods", "ALARM");
    await alarm("p90", { Statistic: undefined, ExtendedStatistic: "p90", Threshold: 5 });
    await put("p90", [1, 1, 1, 1, 1, 1, 1, 1, 1, 100]);
    await comesTo("p90", "ALARM");
    await alarm("p50", { Statistic: undefined, ExtendedStatistic: "p50", Threshold: 5 });
    await put("p50", [1, 1, 1, 1, 1, 1, 1, 1, 1, 100]);
    await comesTo("p50", "OK");
  });

  it("tell EventBridge of a new state", async () => {
    const sqs = new SQSClient(clientConfig(laptop.state));
    const events = new EventBridgeClient(clientConfig(laptop.state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "alarms" }));
    const pattern = {
      source: ["aws.cloudwatch"],
      "detail-type": ["CloudWatch Alarm State Change"],
      detail: { alarmName: [{ prefix: "told" }], state: { value: ["ALARM"] } },
    };
    await events.send(new PutRuleCommand({ Name: "alarms", EventPattern: JSON.stringify(pattern) }));
    const Arn = "arn:aws:sqs:us-east-1:000000000000:alarms";
    await events.send(new PutTargetsCommand({ Rule: "alarms", Targets: [{ Id: "queue", Arn }] }));
    await alarm("told", { AlarmDescription: "Something is wrong." });
    await put("told", [3]);
    let body: string | undefined;
    while (!body) {
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
      body = Messages?.[0]?.Body;
    }
    const event = JSON.parse(body) as { resources: string[]; detail: Record<string, unknown> };
    expect(event.resources).to.deep.equal(["arn:aws:cloudwatch:us-east-1:000000000000:alarm:told"]);
    expect(event.detail).to.deep.include({
      ...{ alarmName: "told", configuration: { description: "Something is wrong." } },
    });
    expect(event.detail.state).to.deep.include({
      ...{ value: "ALARM", reason: "Threshold Crossed: [3] GreaterThanThreshold 0." },
    });
  });
});
