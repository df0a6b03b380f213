import { appendFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DescribeLogGroupsCommand,
  paginateDescribeLogStreams,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
} from "@aws-sdk/client-lambda";
import { CreateTopicCommand, PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { strToU8, zipSync } from "fflate";
import { confirmSubscription, type Email, waitForEmail } from "../../../local/inbox/client";
import { clientConfig } from "../../../local/state";
import { type Laptop, processes, startLaptop } from "../laptop";
import { lambdaRole, receive, writes } from "./acknowledged";
import { killCloud, readyToKill } from "./kill";

describe("local cloud that crashes", function () {
  this.timeout(30_000);
  let laptop: Laptop;
  before(async function () {
    if (process.platform !== "linux") this.skip(); // the process is found in /proc
    process.env.SLIPWAY_SAVE_SECONDS = "3600"; // so that nothing is there because time has passed
    laptop = await startLaptop("inbox", "cloud");
  });
  after(async () => {
    delete process.env.SLIPWAY_SAVE_SECONDS;
    await laptop?.stop();
  });

  describe("keeps what it acknowledged", () => {
    const checks: Record<string, () => Promise<unknown>> = {};
    before(async () => {
      const all = Object.entries(writes);
      await Promise.all(all.map(async ([what, write]) => (checks[what] = await write(laptop.state))));
      await killCloud(laptop);
    });
    for (const what of Object.keys(writes)) it(what, () => checks[what]!());
  });

  it("delivers what was published to emails and Lambdas, and does again what these had not ended", async () => {
    const sns = new SNSClient(clientConfig(laptop.state));
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "announcements" }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "ann@example.com" }));
    const to = (subject: string) => (email: Email) =>
      email.to === "ann@example.com" && email.subject === subject;
    const { inboxUrl } = laptop.state;
    await confirmSubscription(
      await waitForEmail(inboxUrl, to("AWS Notification - Subscription Confirmation"), 10_000),
    );
    const lambda = new LambdaClient(clientConfig(laptop.state));
    const code = `exports.handler = async (event) => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const subject = event.subject ?? event.Records[0].Sns.Subject;
      const mail = { to: "lambda@example.com", subject, body: "", topicArn: "", messageId: subject };
      const body = JSON.stringify({ ...mail, timestamp: new Date().toISOString(), attributes: {} });
      const { status } = await fetch("${inboxUrl}/deliveries", { method: "POST", body });
      if (status !== 201) throw new Error("HTTP " + status);
    };`;
    const FunctionName = "slow";
    const { FunctionArn } = await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: await lambdaRole(laptop.state, FunctionName),
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Code: { ZipFile: zipSync({ "index.js": strToU8(code) }) },
        Timeout: 20,
      }),
    );
    await lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: "sns",
        Action: "lambda:InvokeFunction",
        Principal: "sns.amazonaws.com",
        SourceArn: TopicArn,
      }),
    );
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint: FunctionArn }));
    const kill = await readyToKill(laptop, "cloud");
    const inbox = processes("local/inbox/main.ts", laptop.home);
    for (const pid of inbox) process.kill(pid, "SIGSTOP");
    const Payload = JSON.stringify({ subject: "invoked" });
    await lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload }));
    for (const Subject of ["one", "two"])
      await sns.send(new PublishCommand({ TopicArn, Subject, Message: "published" }));
    const again = kill();
    for (const pid of inbox) process.kill(pid, "SIGCONT");
    await again;
    for (const subject of ["one", "two"]) await waitForEmail(inboxUrl, to(subject), 10_000);
    for (const subject of ["one", "two", "invoked"])
      await waitForEmail(
        inboxUrl,
        (email) => email.to === "lambda@example.com" && email.subject === subject,
        10_000,
      );
  });

  it("leaves out a write that was cut off, and keeps what comes before and after it", async () => {
    const sqs = new SQSClient(clientConfig(laptop.state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "torn" }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "before" }));
    const folder = join(laptop.home, "cloud", "state", "journal", "sqs");
    const [segment = ""] = readdirSync(folder);
    appendFileSync(join(folder, segment), '[["came",["000000000000","us-ea');
    await killCloud(laptop);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "after" }));
    await killCloud(laptop);
    expect(await receive(sqs, QueueUrl)).to.deep.equal(["before", "after"]);
  });

  it("keeps what changes while it is saved, and each once", async () => {
    const logs = new CloudWatchLogsClient(clientConfig(laptop.state));
    const logGroupName = "/aws/lambda/busy";
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
    let made = 0;
    const line = async () => {
      while (made < 400) {
        const number = made++;
        await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: `stream-${number}` }));
        if (number % 40 === 0)
          await logs.send(new CreateLogGroupCommand({ logGroupName: `/saved/${number}` }));
      }
    };
    await Promise.all(Array.from({ length: 8 }, line));
    await killCloud(laptop);
    const names: (string | undefined)[] = [];
    for await (const page of paginateDescribeLogStreams({ client: logs }, { logGroupName }))
      names.push(...(page.logStreams ?? []).map(({ logStreamName }) => logStreamName));
    expect(names).to.have.members(Array.from({ length: 400 }, (_, number) => `stream-${number}`));
    const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/saved/" }));
    expect(logGroups).to.have.length(10);
    const log = readFileSync(join(laptop.home, "logs", "cloud.log"), "utf8");
    expect(log.split("\n").filter((said) => said.includes("cannot be saved"))).to.deep.equal([]);
  });
});
