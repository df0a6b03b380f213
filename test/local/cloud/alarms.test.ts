import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig } from "../../../local/state";
import { failure, type Laptop, startLaptop } from "../laptop";

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

  interface AlarmEvent {
    resources: string[];
    detail: Record<string, unknown>;
  }

  /** From now on, the events of EventBridge whose detail fits. @returns waits for the next. */
  async function eventsOf(name: string, detail: object): Promise<() => Promise<AlarmEvent>> {
    const sqs = new SQSClient(clientConfig(laptop.state));
    const events = new EventBridgeClient(clientConfig(laptop.state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    const pattern = {
      ...{ source: ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], detail },
    };
    await events.send(new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern) }));
    const Arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
    await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: "queue", Arn }] }));
    return async () => {
      for (;;) {
        const { Messages: [message] = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }),
        );
        if (!message?.Body) continue;
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
        return JSON.parse(message.Body) as AlarmEvent;
      }
    };
  }

  it("tell EventBridge of a new state", async () => {
    const next = await eventsOf("alarms", {
      ...{ alarmName: [{ prefix: "told" }], state: { value: ["ALARM"] } },
    });
    await alarm("told", { AlarmDescription: "Something is wrong." });
    await put("told", [3]);
    const event = await next();
    expect(event.resources).to.deep.equal(["arn:aws:cloudwatch:us-east-1:000000000000:alarm:told"]);
    expect(event.detail).to.deep.include({
      ...{ alarmName: "told", configuration: { description: "Something is wrong." } },
    });
    expect(event.detail.state).to.deep.include({
      ...{ value: "ALARM", reason: "Threshold Crossed: [3] GreaterThanThreshold 0." },
    });
  });

  it("are watched by a composite alarm, which tells EventBridge when none rings any more, and for how long one did", async () => {
    const next = await eventsOf("quiet", {
      ...{ alarmName: ["any"], state: { value: ["OK"] }, previousState: { value: ["ALARM"] } },
    });
    for (const name of ["one", "two (2)"]) await alarm(name, { Period: 3 });
    const AlarmRule = 'ALARM("one") OR ALARM("two (2)")';
    await cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName: "any", AlarmRule }));
    const any = async () => {
      const { CompositeAlarms: [found] = [] } = await cloudWatch.send(
        new DescribeAlarmsCommand({ AlarmNames: ["any"], AlarmTypes: ["CompositeAlarm"] }),
      );
      return found?.StateValue;
    };
    while ((await any()) !== "OK") await sleep(100);
    await put("two (2)", [1]);
    while ((await any()) !== "ALARM") await sleep(100);
    expect(await state("one")).to.equal("OK");
    const { detail } = await next();
    const { value, timestamp } = detail.state as Record<string, string>;
    const before = detail.previousState as Record<string, string>;
    expect([value, before.value]).to.deep.equal(["OK", "ALARM"]);
    expect(Date.parse(timestamp!) - Date.parse(before.timestamp!)).to.be.within(1000, 20_000);
    expect(detail.configuration).to.include({ alarmRule: AlarmRule });
    const gone = await failure(cloudWatch.send(new DeleteAlarmsCommand({ AlarmNames: ["one"] })));
    expect(gone.message).to.include("composite alarm");
  });

  it("tell EventBridge of a state that somebody has set, to see what happens", async () => {
    const next = await eventsOf("drill", { alarmName: ["drill"], state: { value: ["ALARM"] } });
    await alarm("drill");
    await cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: "drill", StateValue: "ALARM", StateReason: "A drill." }),
    );
    expect((await next()).detail.state).to.include({ value: "ALARM", reason: "A drill." });
  });

  it("see how long the oldest message waits in a queue", async () => {
    const sqs = new SQSClient(clientConfig(laptop.state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "waiting" }));
    await alarm("age", {
      ...{ Namespace: "AWS/SQS", MetricName: "ApproximateAgeOfOldestMessage", Statistic: "Maximum" },
      ...{ Dimensions: [{ Name: "QueueName", Value: "waiting" }], Threshold: 3 },
    });
    await comesTo("age", "OK");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "?" }));
    await comesTo("age", "ALARM");
  });
});
