/** One write of each service that the program uses, with what must be there once it has been acknowledged. */
import {
  APIGatewayClient,
  CreateApiKeyCommand,
  CreateRestApiCommand,
  GetApiKeyCommand,
  GetRestApiCommand,
} from "@aws-sdk/client-api-gateway";
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  FilterLogEventsCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateRepositoryCommand, DescribeRepositoriesCommand, ECRClient } from "@aws-sdk/client-ecr";
import {
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import {
  CreateRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateKeyCommand, DecryptCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateFunctionCommand, GetFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateScheduleCommand, GetScheduleCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  PublishCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { strToU8, zipSync } from "fflate";
import { clientConfig, type LocalState } from "../../../local/state";

/** Checks, after a restart, that the write is there. */
type Check = () => Promise<unknown>;

const account = "000000000000";
const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;

/** Bodies of the messages of a queue, which stay invisible for a minute. */
export async function receive(sqs: SQSClient, QueueUrl?: string) {
  const asked = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60 });
  const { Messages = [] } = await sqs.send(asked);
  return Messages.map(({ Body }) => Body);
}

/** A new role that Lambda may assume. @returns its ARN. */
export async function lambdaRole(state: LocalState, RoleName: string): Promise<string> {
  const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
  await new IAMClient(clientConfig(state)).send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }),
  );
  return role(RoleName);
}

/** By what is kept: makes it, and returns how to look for it. */
export const writes: Record<string, (state: LocalState) => Promise<Check>> = {
  async "objects, and the settings of their bucket"(state) {
    const s3 = new S3Client(clientConfig(state, "s3"));
    await s3.send(new CreateBucketCommand({ Bucket: "data" }));
    const VersioningConfiguration = { Status: "Enabled" } as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: "data", VersioningConfiguration }));
    await s3.send(new PutObjectCommand({ Bucket: "data", Key: "raw/taxis.csv", Body: "fare\n7\n" }));
    return async () => {
      const object = await s3.send(new GetObjectCommand({ Bucket: "data", Key: "raw/taxis.csv" }));
      expect(await object.Body?.transformToString()).to.equal("fare\n7\n");
      const { Status } = await s3.send(new GetBucketVersioningCommand({ Bucket: "data" }));
      expect(Status).to.equal("Enabled");
    };
  },

  async "messages that were sent, without those that were deleted"(state) {
    const sqs = new SQSClient(clientConfig(state));
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "results" }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "deleted" }));
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages?.[0]?.ReceiptHandle }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "sent" }));
    const Entries = ["one", "two"].map((MessageBody) => ({ Id: MessageBody, MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    return async () => expect(await receive(sqs, QueueUrl)).to.have.members(["sent", "one", "two"]);
  },

  async "the order of a FIFO queue, and what it was sent already"(state) {
    const sqs = new SQSClient(clientConfig(state));
    const Attributes = { FifoQueue: "true" };
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "ordered.fifo", Attributes }));
    const send = (MessageBody: string) =>
      sqs.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody,
          MessageGroupId: "g",
          MessageDeduplicationId: MessageBody,
        }),
      );
    await send("first");
    const second = await send("second");
    return async () => {
      expect((await send("second")).SequenceNumber).to.equal(second.SequenceNumber);
      expect(Number((await send("third")).SequenceNumber)).to.be.greaterThan(Number(second.SequenceNumber));
      expect(await receive(sqs, QueueUrl)).to.deep.equal(["first", "second", "third"]);
    };
  },

  async "subscriptions, and what was published to them"(state) {
    const sns = new SNSClient(clientConfig(state));
    const sqs = new SQSClient(clientConfig(state));
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({
        QueueName: "subscribed",
        Attributes: {
          Policy: document({ Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" }),
        },
      }),
    );
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "results" }));
    const Endpoint = `arn:aws:sqs:us-east-1:${account}:subscribed`;
    const Attributes = { RawMessageDelivery: "true" };
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes }));
    await sns.send(new PublishCommand({ TopicArn, Message: "published" }));
    return async () => {
      const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
      expect(Subscriptions?.map((one) => one.Endpoint)).to.deep.equal([Endpoint]);
      expect(await receive(sqs, QueueUrl)).to.deep.equal(["published"]);
    };
  },

  async "items of tables: put, updated, deleted, in a transaction"(state) {
    const dynamodb = new DynamoDBClient(clientConfig(state));
    const TableName = "trips";
    await dynamodb.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const item = (id: string, fare: number) => ({ id: { S: id }, fare: { N: `${fare}` } });
    for (const id of ["a", "b", "c"])
      await dynamodb.send(new PutItemCommand({ TableName, Item: item(id, 1) }));
    await dynamodb.send(new DeleteItemCommand({ TableName, Key: { id: { S: "a" } } }));
    const change = { TableName, Key: { id: { S: "b" } } };
    const UpdateExpression = "SET fare = fare + :by";
    const ExpressionAttributeValues = { ":by": { N: "6" } };
    await dynamodb.send(new UpdateItemCommand({ ...change, UpdateExpression, ExpressionAttributeValues }));
    const TransactItems = [
      { Put: { TableName, Item: item("d", 4) } },
      { Delete: { TableName, Key: { id: { S: "c" } } } },
    ];
    await dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
    return async () => {
      const { Items } = await dynamodb.send(new ScanCommand({ TableName }));
      expect(Items).to.have.deep.members([item("b", 7), item("d", 4)]);
    };
  },

  async "log events"(state) {
    const logs = new CloudWatchLogsClient(clientConfig(state));
    const names = { logGroupName: "/aws/lambda/predict", logStreamName: "one" };
    await logs.send(new CreateLogGroupCommand({ logGroupName: names.logGroupName }));
    await logs.send(new CreateLogStreamCommand(names));
    const logEvents = [{ timestamp: Date.now(), message: "predicted" }];
    await logs.send(new PutLogEventsCommand({ ...names, logEvents }));
    return async () => {
      const { events } = await logs.send(new FilterLogEventsCommand({ logGroupName: names.logGroupName }));
      expect(events?.map(({ message }) => message)).to.deep.equal(["predicted"]);
    };
  },

  async "metrics and alarms"(state) {
    const cloudwatch = new CloudWatchClient(clientConfig(state));
    const metric = { Namespace: "Slipway", MetricName: "Error" };
    const of = {
      AlarmName: "error",
      ComparisonOperator: "GreaterThanThreshold",
      EvaluationPeriods: 1,
      Period: 60,
      Statistic: "Sum",
      Threshold: 100,
    } as const;
    await cloudwatch.send(new PutMetricAlarmCommand({ ...metric, ...of }));
    const MetricData = [{ MetricName: metric.MetricName, Value: 3 }];
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: metric.Namespace, MetricData }));
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: metric.Namespace, MetricData }));
    return async () => {
      const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ["error"] }));
      expect(MetricAlarms?.map(({ Threshold }) => Threshold)).to.deep.equal([100]);
      const { Datapoints } = await cloudwatch.send(
        new GetMetricStatisticsCommand({
          ...metric,
          StartTime: new Date(Date.now() - 3_600_000),
          EndTime: new Date(Date.now() + 60_000),
          Period: 7200,
          Statistics: ["Sum"],
        }),
      );
      expect(Datapoints?.map(({ Sum }) => Sum)).to.deep.equal([6]);
    };
  },

  async "roles, their policies, and credentials that they gave"(state) {
    const iam = new IAMClient(clientConfig(state));
    const sts = new STSClient(clientConfig(state));
    const AssumeRolePolicyDocument = document({
      Effect: "Allow",
      Principal: { AWS: account },
      Action: "sts:AssumeRole",
    });
    await iam.send(new CreateRoleCommand({ RoleName: "reader", AssumeRolePolicyDocument }));
    const PolicyDocument = document({ Effect: "Allow", Action: "s3:GetObject", Resource: "*" });
    const policy = { RoleName: "reader", PolicyName: "read" };
    await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({ RoleArn: role("reader"), RoleSessionName: "kept" }),
    );
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = Credentials ?? {};
    const credentials = {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
    return async () => {
      const found = await iam.send(new GetRolePolicyCommand(policy));
      expect(decodeURIComponent(found.PolicyDocument ?? "")).to.equal(PolicyDocument);
      const reader = new STSClient({ ...clientConfig(state), credentials });
      const { Arn } = await reader.send(new GetCallerIdentityCommand({}));
      expect(Arn).to.equal(`arn:aws:sts::${account}:assumed-role/reader/kept`);
    };
  },

  async "keys, which decrypt what they encrypted"(state) {
    const kms = new KMSClient(clientConfig(state));
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
    const Plaintext = new TextEncoder().encode("secret");
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId: KeyMetadata?.KeyId, Plaintext }));
    return async () => {
      const { Plaintext: found } = await kms.send(new DecryptCommand({ CiphertextBlob }));
      expect(new TextDecoder().decode(found)).to.equal("secret");
    };
  },

  async "parameters and secrets"(state) {
    const ssm = new SSMClient(clientConfig(state));
    const secrets = new SecretsManagerClient(clientConfig(state));
    await ssm.send(new PutParameterCommand({ Name: "/slipway/model", Value: "7", Type: "String" }));
    await secrets.send(new CreateSecretCommand({ Name: "database", SecretString: "old" }));
    await secrets.send(new PutSecretValueCommand({ SecretId: "database", SecretString: "new" }));
    return async () => {
      const { Parameter } = await ssm.send(new GetParameterCommand({ Name: "/slipway/model" }));
      expect(Parameter?.Value).to.equal("7");
      const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: "database" }));
      expect(SecretString).to.equal("new");
    };
  },

  async "APIs and their keys"(state) {
    const gateway = new APIGatewayClient(clientConfig(state));
    const api = await gateway.send(new CreateRestApiCommand({ name: "predict" }));
    const key = await gateway.send(new CreateApiKeyCommand({ name: "caller", enabled: true }));
    return async () => {
      const { name } = await gateway.send(new GetRestApiCommand({ restApiId: api.id }));
      expect(name).to.equal("predict");
      const found = await gateway.send(new GetApiKeyCommand({ apiKey: key.id, includeValue: true }));
      expect(found.value).to.equal(key.value);
    };
  },

  async functions(state) {
    const lambda = new LambdaClient(clientConfig(state));
    const ZipFile = zipSync({ "index.js": strToU8("exports.handler = async () => 7;") });
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "predict",
        Role: await lambdaRole(state, "lambda"),
        Runtime: "nodejs22.x",
        Handler: "index.handler",
        Code: { ZipFile },
      }),
    );
    return async () => {
      const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: "predict" }));
      expect(Configuration?.CodeSize).to.equal(ZipFile.length);
    };
  },

  async "rules, their targets, and schedules"(state) {
    const events = new EventBridgeClient(clientConfig(state));
    const scheduler = new SchedulerClient(clientConfig(state));
    const Arn = `arn:aws:sqs:us-east-1:${account}:results`;
    const EventPattern = JSON.stringify({ source: ["slipway"] });
    await events.send(new PutRuleCommand({ Name: "trained", EventPattern }));
    await events.send(new PutTargetsCommand({ Rule: "trained", Targets: [{ Id: "queue", Arn }] }));
    await scheduler.send(
      new CreateScheduleCommand({
        Name: "nightly",
        ScheduleExpression: "rate(1 day)",
        FlexibleTimeWindow: { Mode: "OFF" },
        Target: { Arn, RoleArn: role("scheduler") },
      }),
    );
    return async () => {
      const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: "trained" }));
      expect(Targets?.map((one) => one.Arn)).to.deep.equal([Arn]);
      const schedule = await scheduler.send(new GetScheduleCommand({ Name: "nightly" }));
      expect(schedule.ScheduleExpression).to.equal("rate(1 day)");
    };
  },

  async "repositories of images"(state) {
    const ecr = new ECRClient(clientConfig(state));
    await ecr.send(new CreateRepositoryCommand({ repositoryName: "model" }));
    return async () => {
      const { repositories } = await ecr.send(new DescribeRepositoriesCommand({}));
      expect(repositories?.map(({ repositoryName }) => repositoryName)).to.deep.equal(["model"]);
    };
  },
};
