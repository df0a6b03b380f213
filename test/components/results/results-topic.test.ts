import { expect } from "chai";
import { StateTable } from "../../../components/data/state-table";
import { ResultsTopic, type ResultsTopicArgs } from "../../../components/results/results-topic";
import { type Subscriber } from "../../../components/results/subscribers";
import { addressHash, directKind } from "../../../handlers/shared/subscription";
import { context, declare, failure, only, statements } from "../mocks";

const queueArn = "arn:aws:sqs:us-east-1:123456789012:audit";
const functionArn = "arn:aws:lambda:us-east-1:123456789012:function:forward";

const topic = (args: Partial<ResultsTopicArgs> = {}) =>
  new ResultsTopic("results", {
    context,
    state: new StateTable("state", { context, deleteData: true }),
    subscribers: [
      { protocol: "email", endpoint: "ann@example.com" },
      { protocol: "sqs", endpoint: queueArn, kinds: ["alarm"], minSeverity: "warning", raw: true },
      { protocol: "lambda", endpoint: functionArn },
      { protocol: "https", endpoint: "https://example.com/hook" },
    ],
    digestSeconds: 60,
    logRetentionDays: 30,
    ...args,
  });

describe("ResultsTopic", () => {
  it("subscribes everybody of the configuration to what they asked for, and to nothing that is for one address", async () => {
    const declared = await declare(() => void topic());
    const subscriptions = declared
      .filter(({ type, name }) => type.endsWith(":TopicSubscription") && name !== "results-receipts")
      .map(({ inputs: { protocol, endpoint, filterPolicy, rawMessageDelivery } }) => ({
        ...{
          protocol,
          endpoint,
          policy: JSON.parse(filterPolicy as string) as object,
          raw: rawMessageDelivery,
        },
      }));
    const all = { "anything-but": { prefix: "direct:" } };
    expect(subscriptions).to.have.deep.members([
      {
        ...{ protocol: "email", endpoint: "ann@example.com", raw: undefined },
        policy: { kind: [all, directKind(addressHash("ann@example.com"))] },
      },
      {
        ...{ protocol: "sqs", endpoint: queueArn, raw: true },
        policy: { kind: ["alarm"], severity: ["warning", "error"] },
      },
      { protocol: "lambda", endpoint: functionArn, policy: { kind: [all] }, raw: undefined },
      { protocol: "https", endpoint: "https://example.com/hook", policy: { kind: [all] }, raw: undefined },
    ]);
  });

  it("lets this topic alone invoke a subscribed function, and keeps what services do not take", async () => {
    const declared = await declare(() => void topic());
    expect(only(declared, "Permission", "-forward-invoke")).to.deep.include({
      ...{ function: functionArn, principal: "sns.amazonaws.com" },
      sourceArn: "arn:aws:aws:sns/topic:Topic:results-topic",
    });
    const arn = "arn:aws:aws:sqs/queue:Queue:results-undelivered";
    const redriven = declared.filter(({ inputs }) => `${inputs.redrivePolicy as string}`.includes(arn));
    expect(redriven.map(({ inputs }) => inputs.protocol)).to.have.members(["sqs", "lambda", "https"]);
    expect(statements(only(declared, "QueuePolicy", "undelivered-access"))[0]).to.deep.include({
      Principal: { Service: "sns.amazonaws.com" },
      Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:aws:sns/topic:Topic:results-topic" } },
    });
    const emailsOnly = await declare(() => void topic({ subscribers: [] }));
    expect(emailsOnly.filter(({ name }) => name.includes("undelivered"))).to.deep.equal([]);
  });

  it("rings while a dead letter waits, and says what to do", async () => {
    const alarm = only(await declare(() => void topic()), "MetricAlarm", "dead-letters-alarm");
    expect(alarm).to.deep.include({
      ...{ name: "slipway-dev-results-dead-letters", namespace: "AWS/SQS", threshold: 0 },
      ...{ metricName: "ApproximateNumberOfMessagesVisible" },
      dimensions: { QueueName: "results-dead-letters-1" },
    });
    expect(alarm.alarmDescription).to.include("npx slipway redrive dev");
  });

  it("lets a publisher's claim end before its message comes again, and after the publisher has", async () => {
    const declared = await declare(() => void topic());
    const { timeout, environment } = only(declared, "Function") as {
      timeout: number;
      environment: { variables: Record<string, string> };
    };
    const hidden = only(declared, "Queue", "results-queue").visibilityTimeoutSeconds as number;
    expect(Number(environment.variables.LEASE_SECONDS)).to.be.within(2 * timeout, hidden - timeout);
  });

  it("sends the publisher receipts of what the topic delivers", async () => {
    const declared = await declare(() => void topic());
    const receipts = only(declared, "TopicSubscription", "results-receipts");
    const arn = "arn:aws:aws:sqs/queue:Queue:results-receipts";
    expect(receipts).to.include({ protocol: "sqs", endpoint: arn, rawMessageDelivery: true });
    expect(only(declared, "EventSourceMapping", "receipts-to-publish").eventSourceArn).to.equal(arn);
    expect(receipts).not.to.have.property("filterPolicy"); // the mails to one address, too
  });

  it("keeps what cannot be published in a dead-letter queue for 14 days", async () => {
    const declared = await declare(() => void topic());
    expect(JSON.parse(only(declared, "Queue", "results-queue").redrivePolicy as string)).to.deep.equal({
      deadLetterTargetArn: "arn:aws:aws:sqs/queue:Queue:results-dead-letters",
      maxReceiveCount: 5,
    });
    expect(only(declared, "Queue", "results-dead-letters").messageRetentionSeconds).to.equal(14 * 24 * 3600);
  });

  it("hides a message for longer than the publisher may take with it", async () => {
    const declared = await declare(() => void topic());
    const hidden = only(declared, "Queue", "results-queue").visibilityTimeoutSeconds as number;
    expect(hidden).to.be.at.least(6 * (only(declared, "Function").timeout as number));
  });

  it("gathers results for the configured time and reports failed messages one by one", async () => {
    const mapping = only(
      await declare(() => void topic({ digestSeconds: 5 })),
      "EventSourceMapping",
      "queue-to-publish",
    );
    expect(mapping).to.deep.include({
      maximumBatchingWindowInSeconds: 5,
      functionResponseTypes: ["ReportBatchItemFailures"],
    });
  });

  it("lets the publisher publish to this topic and read this queue, no more", async () => {
    const declared = await declare(() => void topic());
    expect(statements(only(declared, "RolePolicy", "results-publish-topic"))).to.deep.equal([
      { Effect: "Allow", Action: "sns:Publish", Resource: "arn:aws:aws:sns/topic:Topic:results-topic" },
    ]);
    const [consume] = statements(only(declared, "RolePolicy", "results-publish-consume"));
    expect(consume?.Resource).to.equal("arn:aws:aws:sqs/queue:Queue:results-queue");
  });

  it("lets only its own rules send AWS events to the queue", async () => {
    const declared = await declare(() =>
      topic().alertOn({ jobs: { source: ["aws.sagemaker"] }, alarms: { source: ["aws.cloudwatch"] } }),
    );
    const [statement] = statements(only(declared, "QueuePolicy", "alerts-access"));
    expect(statement).to.deep.include({
      Principal: { Service: "events.amazonaws.com" },
      Action: "sqs:SendMessage",
      Condition: {
        ArnEquals: {
          "aws:SourceArn": [
            "arn:aws:aws:cloudwatch/eventRule:EventRule:results-jobs",
            "arn:aws:aws:cloudwatch/eventRule:EventRule:results-alarms",
          ],
        },
      },
    });
  });

  it("names a bad digest time", async () => {
    expect(await failure(() => declare(() => void topic({ digestSeconds: 301 })))).to.equal(
      "digestSeconds is 301: give a number of seconds from 0 to 300",
    );
  });

  for (const [subscriber, message] of [
    [{ protocol: "pigeon", endpoint: "x" }, 'protocol is "pigeon": write email, https, sqs or lambda'],
    [{ protocol: "email", endpoint: "ann" }, 'endpoint is "ann": with the protocol email, give an address'],
    [
      { protocol: "https", endpoint: "http://a.b" },
      "with the protocol https, give a URL that starts with https",
    ],
    [{ protocol: "sqs", endpoint: "https://sqs/q" }, "give the ARN of a standard queue, like arn:aws:sqs:"],
    [{ protocol: "sqs", endpoint: "arn:aws:sqs:us-east-1:123456789012:q.fifo" }, "ARN of a standard queue"],
    [{ protocol: "lambda", endpoint: "forward" }, "give the ARN of a function"],
    [
      { protocol: "email", endpoint: "a@b.c", kinds: ["alarms"] },
      'kinds is "alarms": write prediction.results,',
    ],
    [{ protocol: "email", endpoint: "a@b.c", kinds: [] }, "give at least one kind"],
    [{ protocol: "email", endpoint: "a@b.c", minSeverity: "fatal" }, '"fatal": write info, warning or error'],
    [{ protocol: "email", endpoint: "a@b.c", raw: true }, "only the protocols sqs and https have it"],
    [
      { protocol: "email", endpoint: "a@b.c", kind: "alarm" },
      'kind is "alarm": leave it out: there are protocol',
    ],
  ] as [object, string][]) {
    it(`refuses ${JSON.stringify(subscriber)}`, async () => {
      const subscribers = [subscriber as Subscriber];
      const text = await failure(() => declare(() => void topic({ subscribers })));
      expect(text)
        .to.match(/^subscribers\[0\]\./)
        .and.include(message);
    });
  }

  it("refuses an endpoint that is there twice", async () => {
    const twice = { protocol: "email", endpoint: "ann@example.com" } as const;
    expect(await failure(() => declare(() => void topic({ subscribers: [twice, { ...twice }] })))).to.equal(
      'subscribers[1].endpoint is "ann@example.com": give each endpoint once',
    );
  });
});
