import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { clientConfig } from "../../../local/state";
import { type Target, target, train, until } from "./target";

describe("events of the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
  });

  it("reach EventBridge rules", async () => {
    const sqs = new SQSClient(clientConfig(made.laptop.state));
    const events = new EventBridgeClient(clientConfig(made.laptop.state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "state-changes" }));
    const EventPattern = JSON.stringify({
      source: ["aws.sagemaker"],
      "detail-type": ["SageMaker Training Job State Change"],
      detail: { TrainingJobStatus: ["Failed"], TrainingJobName: ["announced"] },
    });
    await events.send(new PutRuleCommand({ Name: "failed", EventPattern }));
    const Arn = "arn:aws:sqs:us-east-1:000000000000:state-changes";
    await events.send(new PutTargetsCommand({ Rule: "failed", Targets: [{ Id: "queue", Arn }] }));
    const job = await train(made, "announced", {
      HyperParameters: { mode: "fail" },
      Tags: [{ Key: "team", Value: "fares" }],
    });
    const { Messages } = await until(
      () => sqs.send(new ReceiveMessageCommand({ QueueUrl })),
      (answer) => (answer.Messages?.length ?? 0) > 0,
    );
    const event = JSON.parse(Messages?.[0]?.Body ?? "{}") as {
      "detail-type": string;
      resources: string[];
      detail: Record<string, unknown>;
    };
    expect(event.resources).to.deep.equal([job.TrainingJobArn]);
    expect(event.detail).to.deep.include({
      ...{ TrainingJobName: "announced", TrainingJobStatus: "Failed", SecondaryStatus: "Failed" },
      ...{ FailureReason: job.FailureReason, Tags: { team: "fares" } },
      CreationTime: job.CreationTime?.getTime(),
    });
  });
});
