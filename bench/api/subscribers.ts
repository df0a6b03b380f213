/**
 * Accepted results through the publisher to two subscribers, while SNS refuses, loses its answers, and publishers are
 * killed: how many arrive, and how many twice.
 *
 *     npx tsx bench/api/subscribers.ts [results 20000] [percent of publishes spoiled 25] [results a request 5] [--without-receipts]
 *
 * The publisher is the deployed bundle, in Lambda processes of a MiniStack of its own. Its lease is 20 s and a message
 * comes again after 30 s, where a stack has 120 s and 180 s (a receipt: 5 s and 30 s): everything
 * waits six times less.
 */
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateEventSourceMappingCommand, CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { zipSync } from "fflate";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { bundledFiles } from "../../components/lambda/bundle";
import { redrive } from "../../automation/redrive";
import { filterPolicy } from "../../handlers/shared/subscription";
import { startCloud } from "../../test/local/providers/cloud";
import { results } from "../../test/handlers/examples";
import { type Fault, FaultySns } from "./faulty-sns";

const args = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const [wanted = 20_000, percent = 25, perRequest = 5] = args.map(Number);
/** Requests, each of which is one event with its results. */
const count = Math.ceil(wanted / perRequest);
const withReceipts = !process.argv.includes("--without-receipts");

const leaseSeconds = 20;
const hiddenSeconds = 30;
const receiptSeconds = 5;
const random = xoroshiro128plus(7);
const faults: Fault[] = ["refused", "throttled", "answer lost", "publisher killed"];

/** One fault for `percent` of the publishes, each kind as often, the same in each run. */
const choose = (): Fault | undefined =>
  uniformInt(random, 0, 99) < percent ? faults[uniformInt(random, 0, faults.length - 1)] : undefined;

/** Ids of the Node processes below the MiniStack at this address: all its Lambdas. */
function lambdaProcesses(cloudUrl: string): number[] {
  const port = `GATEWAY_PORT=${new URL(cloudUrl).port}`;
  const parents = new Map<number, number>();
  const nodes = new Set<number>();
  let cloud = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      parents.set(Number(pid), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      if (/^\S*node\0/.test(command)) nodes.add(Number(pid));
      const isCloud = command.includes("ministack_plus.py");
      if (isCloud && readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(port))
        cloud = Number(pid);
    } catch {
      // gone meanwhile, or another user's
    }
  }
  return [...parents].filter(([pid, parent]) => parent === cloud && nodes.has(pid)).map(([pid]) => pid);
}

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  const cloud = await startCloud(home);
  let killed = 0;
  const sns = new FaultySns(new URL(cloud.url), choose, () => {
    for (const pid of lambdaProcesses(cloud.url)) {
      try {
        process.kill(pid, "SIGKILL");
        killed++;
      } catch {
        // it has ended by itself
      }
    }
  });
  try {
    const world = await build(cloud.url, await sns.listen());
    const started = Date.now();
    await send(world);
    const sent = (Date.now() - started) / 1000;
    const redriven = await settle(world);
    const subscribers = await Promise.all(world.subscribers.map((url) => tally(world.sqs, url)));
    const seconds = (Date.now() - started) / 1000;
    const what = { results: count * perRequest, requests: count, withReceipts };
    console.log({ ...what, publishes: sns.counts, killed, redriven, sent, seconds, subscribers });
  } finally {
    sns.close();
    await cloud.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

type World = Awaited<ReturnType<typeof build>>;

/** Table, queue, publisher, topic and two subscribers: one of everything, one by a filter policy. */
async function build(endpoint: string, snsUrl: string) {
  const settings = {
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  };
  const sqs = new SQSClient(settings);
  const arn = (service: string, name: string) => `arn:aws:${service}:us-east-1:000000000000:${name}`;
  const queue = async (QueueName: string, Attributes: Record<string, string> = {}) =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  const deadLetters = await queue("dead-letters");
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: arn("sqs", "dead-letters"),
    maxReceiveCount: 5,
  });
  const queueUrl = await queue("results", { VisibilityTimeout: `${hiddenSeconds}`, RedrivePolicy });
  await new DynamoDBClient(settings).send(
    new CreateTableCommand({
      TableName: "state",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  const topic = new SNSClient(settings);
  const { TopicArn = "" } = await topic.send(new CreateTopicCommand({ Name: "results" }));
  const subscribers: string[] = [];
  for (const name of ["all", "filtered", ...(withReceipts ? ["receipts"] : [])]) {
    const Policy = {
      Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" }],
    };
    const VisibilityTimeout = `${receiptSeconds}`;
    const url = await queue(name, { VisibilityTimeout, Policy: JSON.stringify(Policy) });
    if (name !== "receipts") subscribers.push(url);
    const Attributes: Record<string, string> = { RawMessageDelivery: "true" };
    if (name === "filtered") Attributes.FilterPolicy = JSON.stringify(filterPolicy({ kinds: [kind] }));
    const Endpoint = arn("sqs", name);
    await topic.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes }));
  }
  await publisher(settings, TopicArn, snsUrl);
  return { sqs, queueUrl, deadLetters, subscribers };
}

async function publisher(settings: object, TopicArn: string, snsUrl: string): Promise<void> {
  const iam = new IAMClient(settings);
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: "publisher", AssumeRolePolicyDocument: document(trust) }),
  );
  const PolicyDocument = document({
    Effect: "Allow",
    Action: ["sqs:*", "sns:*", "dynamodb:*"],
    Resource: "*",
  });
  await iam.send(new PutRolePolicyCommand({ RoleName: "publisher", PolicyName: "all", PolicyDocument }));
  const code = bundledFiles("publish")["index.js"]!;
  const lambda = new LambdaClient(settings);
  await lambda.send(
    new CreateFunctionCommand({
      ...{ FunctionName: "publisher", Runtime: "nodejs22.x", Handler: "index.handler", Role: Role?.Arn },
      Code: { ZipFile: zipSync({ "index.js": Buffer.from(code) }) },
      Timeout: 15,
      Environment: {
        Variables: {
          ...{ RECEIPTS_QUEUE_ARN: "arn:aws:sqs:us-east-1:000000000000:receipts" },
          ...{ STACK: "dev", TOPIC_ARN: TopicArn, STATE_TABLE: "state", LEASE_SECONDS: `${leaseSeconds}` },
          ...{ API_URL: "", UNSUBSCRIBE_URL: "", AWS_ENDPOINT_URL_SNS: snsUrl },
        },
      },
    }),
  );
  for (const name of withReceipts ? ["results", "receipts"] : ["results"]) {
    await lambda.send(
      new CreateEventSourceMappingCommand({
        ...{ EventSourceArn: `arn:aws:sqs:us-east-1:000000000000:${name}`, FunctionName: "publisher" },
        ...{
          BatchSize: 10,
          ...(name === "results" ? { FunctionResponseTypes: ["ReportBatchItemFailures"] } : {}),
        },
      }),
    );
  }
}

const kind = "prediction.results";
const idOf = (index: number) => `q-${index}`;

/** Every request once, and one of a hundred twice, as senders do that did not get an answer. */
async function send({ sqs, queueUrl }: World): Promise<void> {
  const indices = Array.from({ length: count }, (_, index) =>
    index % 100 === 0 ? [index, index] : [index],
  ).flat();
  for (let start = 0; start < indices.length; start += 10) {
    const Entries = indices.slice(start, start + 10).map((index, position) => ({
      Id: `${position}`,
      MessageBody: JSON.stringify(results(idOf(index), Array<number>(perRequest).fill(index))),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

/** Waits until the queue is empty, and sends dead letters on until there are none; says how many there were. */
async function settle({ sqs, queueUrl, deadLetters }: World): Promise<number> {
  let redriven = 0;
  for (;;) {
    const left = await waiting(sqs, queueUrl);
    process.stderr.write(`\r${left} events wait   `);
    if (left === 0) {
      const { moved } = await redrive(sqs, { from: deadLetters, to: queueUrl });
      redriven += moved;
      if (moved === 0) return redriven;
    }
    await sleep(1000);
  }
}

async function waiting(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
  );
  return AttributeNames.reduce((sum, name) => sum + Number(Attributes?.[name] ?? 0), 0);
}

/** What one subscriber got. */
async function tally(sqs: SQSClient, QueueUrl: string) {
  const times = new Map<string, number>();
  let messages = 0;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) break;
    messages += Messages.length;
    for (const { Body = "{}" } of Messages) {
      const { events } = JSON.parse(Body) as { events: string[] };
      for (const id of events) times.set(id, (times.get(id) ?? 0) + 1);
    }
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  const lost = Array.from({ length: count }, (_, index) => `${idOf(index)}/0`).filter((id) => !times.has(id));
  const twice = [...times.values()].filter((each) => each > 1).length;
  return {
    messages,
    results: times.size * perRequest,
    lost: lost.length * perRequest,
    twice: twice * perRequest,
  };
}

void main();
