/** One laptop target (cloud and SageMaker) for all tests here, with a tiny image, a bucket and a role. */
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import {
  CreateEndpointConfigCommand,
  CreateModelCommand,
  CreateTrainingJobCommand,
  type CreateTrainingJobRequest,
  DescribeEndpointCommand,
  type DescribeEndpointCommandOutput,
  DescribeProcessingJobCommand,
  type DescribeProcessingJobCommandOutput,
  DescribeTrainingJobCommand,
  type DescribeTrainingJobCommandOutput,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { saveImage } from "../../../local/images";
import { clientConfig } from "../../../local/state";
import { type Laptop, processes, startLaptop } from "../laptop";

export const bucket = "numbers";
export const imageUri = "test/tiny:1";
export const roleName = "sagemaker-runner";

type Statement = {
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Condition?: object;
};

export const runnerPolicy: Statement[] = [
  { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: `arn:aws:s3:::${bucket}/*` },
  { Effect: "Allow", Action: "s3:ListBucket", Resource: `arn:aws:s3:::${bucket}` },
  {
    Effect: "Allow",
    Action: ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: "*",
  },
];

export interface Target {
  laptop: Laptop;
  sagemaker: SageMakerClient;
  runtime: SageMakerRuntimeClient;
  s3: S3Client;
  logs: CloudWatchLogsClient;
  iam: IAMClient;
  roleArn: string;
}

let started: Promise<Target> | undefined;

/** The target, started by the first test that asks for it. */
export const target = (): Promise<Target> => (started ??= start());

after("stop the laptop target", async function () {
  this.timeout(60_000);
  const running = await started?.catch(() => undefined);
  await running?.laptop.stop();
});

async function start(): Promise<Target> {
  const laptop = await startLaptop("cloud", "sagemaker");
  const folder = join(__dirname, "image");
  saveImage(laptop.home, {
    uri: imageUri,
    digest: "sha256:1",
    entrypoint: ["python", "main.py"],
    env: {},
    folder,
  });
  return furnish(laptop);
}

/** A bucket with two files of numbers and a role for jobs. */
export async function furnish(laptop: Laptop): Promise<Target> {
  const { state } = laptop;
  const made: Target = {
    laptop,
    sagemaker: new SageMakerClient(clientConfig(state, "sagemaker")),
    runtime: new SageMakerRuntimeClient(clientConfig(state, "sagemaker-runtime")),
    s3: new S3Client(clientConfig(state, "s3")),
    logs: new CloudWatchLogsClient(clientConfig(state)),
    iam: new IAMClient(clientConfig(state)),
    roleArn: "",
  };
  await made.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  for (const [Key, Body] of [
    ["raw/one.txt", "1\n2\n"],
    ["raw/deep/three.txt", "3\n"],
  ]) {
    await made.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  }
  made.roleArn = await createRole(made, roleName, runnerPolicy);
  return made;
}

/** A role that SageMaker may assume. @returns its ARN. */
export async function createRole(
  { iam }: Pick<Target, "iam">,
  RoleName: string,
  statements: Statement[],
  service = "sagemaker.amazonaws.com",
): Promise<string> {
  const trust = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  if (statements.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "runner", PolicyDocument }));
  }
  return Role?.Arn ?? "";
}

/** What the runner may do, without some action. */
export const policyWithout = (action: string) =>
  runnerPolicy
    .map((statement) => ({
      ...statement,
      Action: [statement.Action].flat().filter((name) => name !== action),
    }))
    .filter((statement) => statement.Action.length > 0);

/** Clients of a new IAM user with these permissions. */
export async function userClients({ iam, laptop }: Target, UserName: string, statements: Statement[]) {
  await iam.send(new CreateUserCommand({ UserName }));
  if (statements.length > 0) {
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "user", PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
  const config = { ...clientConfig(laptop.state, "sagemaker"), credentials };
  return { sagemaker: new SageMakerClient(config), runtime: new SageMakerRuntimeClient(config), credentials };
}

export const trainingRequest = (
  name: string,
  { roleArn }: Pick<Target, "roleArn">,
  changes: Partial<CreateTrainingJobRequest> = {},
): CreateTrainingJobRequest => ({
  TrainingJobName: name,
  RoleArn: roleArn,
  AlgorithmSpecification: { TrainingImage: imageUri, TrainingInputMode: "File" },
  InputDataConfig: [
    {
      ChannelName: "train",
      DataSource: { S3DataSource: { S3DataType: "S3Prefix", S3Uri: `s3://${bucket}/raw/` } },
    },
  ],
  OutputDataConfig: { S3OutputPath: `s3://${bucket}/models` },
  ResourceConfig: { InstanceType: "ml.m5.large", InstanceCount: 1, VolumeSizeInGB: 10 },
  StoppingCondition: { MaxRuntimeInSeconds: 600 },
  ...changes,
});

export async function train(
  made: Target,
  name: string,
  changes: Partial<CreateTrainingJobRequest> = {},
): Promise<DescribeTrainingJobCommandOutput> {
  await made.sagemaker.send(new CreateTrainingJobCommand(trainingRequest(name, made, changes)));
  return trainingEnd(made, name);
}

/** Ends the server itself the hard way; its supervisor starts another. */
export function killServer({ home }: Pick<Laptop, "home">): void {
  const words = ["local/sagemaker/main.ts", `--home ${home}`];
  const leashes = processes("leash.py", ...words);
  const [server] = processes(...words).filter((pid) => !leashes.includes(pid));
  process.kill(server ?? 0, "SIGKILL");
}

/** Starts a job that goes on until it is stopped, and waits until its container does. */
export async function startHanging(made: Target, name: string): Promise<void> {
  const request = trainingRequest(name, made, { HyperParameters: { mode: "hang" } });
  await made.sagemaker.send(new CreateTrainingJobCommand(request));
  const log = join(made.laptop.home, "sagemaker", "logs", "training-jobs", `${name}.log`);
  await until(
    () => Promise.resolve(existsSync(log) ? readFileSync(log, "utf8") : ""),
    (text) => text.includes("hanging"),
  );
}

const running = ["InProgress", "Stopping"];

export const trainingEnd = (
  { sagemaker }: Target,
  TrainingJobName: string,
): Promise<DescribeTrainingJobCommandOutput> =>
  until(
    () => sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName })),
    ({ TrainingJobStatus }) => !running.includes(TrainingJobStatus ?? ""),
  );

export const processingEnd = (
  { sagemaker }: Target,
  ProcessingJobName: string,
): Promise<DescribeProcessingJobCommandOutput> =>
  until(
    () => sagemaker.send(new DescribeProcessingJobCommand({ ProcessingJobName })),
    ({ ProcessingJobStatus }) => !running.includes(ProcessingJobStatus ?? ""),
  );

/** The endpoint once nothing is being done to it any more. */
export const endpointSettled = (
  { sagemaker }: Target,
  EndpointName: string,
): Promise<DescribeEndpointCommandOutput> =>
  until(
    () => sagemaker.send(new DescribeEndpointCommand({ EndpointName })),
    ({ EndpointStatus }) => ["InService", "Failed", "OutOfService"].includes(EndpointStatus ?? ""),
  );

/** Asks again until the answer satisfies `test`; the test's own timeout ends what never does. */
export async function until<T>(ask: () => Promise<T>, test: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (test(answer)) return answer;
    await sleep(50);
  }
}

/** An event as EventBridge hands it on. */
export interface HeardEvent<Detail> {
  resources: string[];
  detail: Detail;
}

/**
 * Has EventBridge tell what matches `pattern` from now on.
 * @param Name of the rule, and of the queue that it tells.
 * @returns what asks for the events that are new, for a second.
 */
export async function listen<Detail>(
  { laptop }: Target,
  Name: string,
  pattern: object,
): Promise<() => Promise<HeardEvent<Detail>[]>> {
  const sqs = new SQSClient(clientConfig(laptop.state));
  const events = new EventBridgeClient(clientConfig(laptop.state));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: Name }));
  await events.send(new PutRuleCommand({ Name, EventPattern: JSON.stringify(pattern) }));
  const Arn = `arn:aws:sqs:us-east-1:000000000000:${Name}`;
  await events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: "queue", Arn }] }));
  return async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    return Messages.map(({ Body = "{}" }) => JSON.parse(Body) as HeardEvent<Detail>);
  };
}

/** A model and a configuration of the same name with it. */
export async function createConfig(
  { sagemaker, roleArn }: Target,
  name: string,
  ModelDataUrl: string,
  {
    environment = {},
    serverless = false,
  }: { environment?: Record<string, string>; serverless?: boolean } = {},
): Promise<void> {
  const PrimaryContainer = {
    Image: imageUri,
    ModelDataUrl,
    Environment: { RELEASE_ID: name, ...environment },
  };
  await sagemaker.send(
    new CreateModelCommand({ ModelName: name, ExecutionRoleArn: roleArn, PrimaryContainer }),
  );
  const kind = serverless
    ? { ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } }
    : { InstanceType: "ml.m5.large" as const, InitialInstanceCount: 1 };
  const ProductionVariants = [{ VariantName: "AllTraffic", ModelName: name, ...kind }];
  await sagemaker.send(new CreateEndpointConfigCommand({ EndpointConfigName: name, ProductionVariants }));
}

export interface Answer {
  model: { sum: number; seen: Record<string, string | null> };
  body: string;
  type: string;
  accept: string;
  asked: string | null;
  release: string;
  pid: number;
}

export async function invoke(
  { runtime }: Pick<Target, "runtime">,
  EndpointName: string,
  body = "hello",
): Promise<Answer> {
  const command = new InvokeEndpointCommand({
    EndpointName,
    Body: Buffer.from(body),
    ContentType: "text/plain",
  });
  const { Body } = await runtime.send(command);
  return JSON.parse(Buffer.from(Body).toString()) as Answer;
}

export async function readObject({ s3 }: Pick<Target, "s3">, Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}
