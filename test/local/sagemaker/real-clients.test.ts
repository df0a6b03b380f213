import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { clientConfig, clientEnvironment } from "../../../local/state";
import { venvPython } from "../../../local/supervisor/services";
import { type Answer, type Target, bucket, imageUri, target, train, until } from "./target";

const run = promisify(execFile);

describe("clients of others on the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
  });

  it("boto3 trains, waits, deploys, invokes and deletes with an endpoint URL alone", async () => {
    const { state } = made.laptop;
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION } = clientEnvironment(state);
    const env = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_DEFAULT_REGION, PATH: process.env.PATH };
    const script = join(__dirname, "boto3_client.py");
    const { stdout } = await run(venvPython, [script, state.sagemakerUrl, made.roleArn, imageUri, bucket], {
      env,
    });
    const answer = JSON.parse(stdout) as Answer;
    expect(answer.body).to.equal("from boto3");
    expect(answer.model.sum).to.equal(6);
  });

  it("the AWS CLI lists and describes", async () => {
    await train(made, "for-the-cli");
    const env = { ...clientEnvironment(made.laptop.state), PATH: process.env.PATH, AWS_PAGER: "" };
    const aws = join(dirname(venvPython), "aws");
    const query = "[TrainingJobStatus, ResourceConfig.InstanceType]";
    const arguments_ = ["sagemaker", "describe-training-job", "--training-job-name", "for-the-cli"];
    const { stdout } = await run(aws, [...arguments_, "--query", query, "--output", "text"], { env });
    expect(stdout.trim().split(/\s+/)).to.deep.equal(["Completed", "ml.m5.large"]);
  });

  it("EventBridge rules get state changes", async () => {
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
