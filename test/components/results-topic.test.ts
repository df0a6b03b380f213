import { expect } from "chai";
import { ResultsTopic, type ResultsTopicArgs } from "../../components/results-topic";
import { context, declare, failure, only, statements } from "./mocks";

const topic = (args: Partial<ResultsTopicArgs> = {}) =>
  new ResultsTopic("results", {
    context,
    emails: ["ann@example.com", "bob@example.com"],
    digestSeconds: 60,
    logRetentionDays: 30,
    ...args,
  });

describe("ResultsTopic", () => {
  it("subscribes every address of the configuration", async () => {
    const declared = await declare(() => void topic());
    const subscriptions = declared.filter(({ type }) => type.endsWith(":TopicSubscription"));
    expect(subscriptions.map(({ inputs }) => [inputs.protocol, inputs.endpoint])).to.deep.equal([
      ["email", "ann@example.com"],
      ["email", "bob@example.com"],
    ]);
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
    const mapping = only(await declare(() => void topic({ digestSeconds: 5 })), "EventSourceMapping");
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
    const [statement] = statements(only(declared, "QueuePolicy"));
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

  it("names a bad address, and a bad digest time", async () => {
    const bad = (args: Partial<ResultsTopicArgs>) => failure(() => declare(() => void topic(args)));
    expect(await bad({ emails: ["ann"] })).to.equal('emails is "ann": give addresses like name@example.com');
    expect(await bad({ digestSeconds: 301 })).to.equal(
      "digestSeconds is 301: give a number of seconds from 0 to 300",
    );
  });
});
