import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { clientConfig } from "../../../local/state";
import { type Laptop, startLaptop } from "../laptop";
import { killCloud } from "./kill";

describe("local cloud that crashes", function () {
  this.timeout(20_000);
  let laptop: Laptop;
  before(async () => {
    process.env.SLIPWAY_SAVE_SECONDS = "0.5";
    laptop = await startLaptop("inbox", "cloud");
  });
  after(async () => {
    delete process.env.SLIPWAY_SAVE_SECONDS;
    await laptop?.stop();
  });

  it("is there again, with what was saved: objects, queues and their messages, subscriptions", async function () {
    if (process.platform !== "linux") this.skip(); // the process is found in /proc
    const s3 = new S3Client(clientConfig(laptop.state, "s3"));
    const sqs = new SQSClient(clientConfig(laptop.state));
    const sns = new SNSClient(clientConfig(laptop.state));
    await s3.send(new CreateBucketCommand({ Bucket: "data" }));
    await s3.send(new PutObjectCommand({ Bucket: "data", Key: "raw/taxis.csv", Body: "fare\n7\n" }));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "results" }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "kept" }));
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "results" }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "ann@example.com" }));
    await saved(laptop.home, "sns", "ann@example.com");
    await saved(laptop.home, "sqs", "kept");

    await killCloud(laptop);
    const object = await s3.send(new GetObjectCommand({ Bucket: "data", Key: "raw/taxis.csv" }));
    expect(await object.Body?.transformToString()).to.equal("fare\n7\n");
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages?.map(({ Body }) => Body)).to.deep.equal(["kept"]);
    const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    expect(Subscriptions?.map(({ Endpoint }) => Endpoint)).to.deep.equal(["ann@example.com"]);
  });

  it("saves what changes while it is saved", async () => {
    const logs = new CloudWatchLogsClient(clientConfig(laptop.state));
    const logGroupName = "/aws/lambda/busy";
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    let made = 0;
    const line = async () => {
      while (made < 2000)
        await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: `stream-${made++}` }));
    };
    await Promise.all(Array.from({ length: 8 }, line));
    const log = readFileSync(join(laptop.home, "logs", "cloud.log"), "utf8");
    expect(log.split("\n").filter((said) => said.includes("Persistence: "))).to.deep.equal([]);
    await saved(laptop.home, "cloudwatch_logs", "stream-1999");
  });
});

/** Resolves when the saved state of a service has `text` in it. */
async function saved(home: string, service: string, text: string): Promise<void> {
  const file = join(home, "cloud", "state", `${service}.json`);
  for (;;) {
    try {
      if (readFileSync(file, "utf8").includes(text)) return;
    } catch {
      // not yet
    }
    await sleep(50);
  }
}
