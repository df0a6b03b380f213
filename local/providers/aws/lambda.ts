import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  GetFunctionCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { type lambda } from "@pulumi/aws";
import { setTimeout as sleep } from "node:timers/promises";
import { archiveBytes } from "../shared/assets";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { tagChanges } from "../shared/tags";
import { permission } from "./lambda-permission";
import { eventSourceMapping } from "./lambda-mapping";

type FunctionInputs = Inputs<lambda.FunctionArgs>;

const pollMs = 100;
const unlimited = -1;

/** Code from an archive of the program, from a bucket, or from an image. */
async function codeOf(inputs: FunctionInputs) {
  if (inputs.imageUri) return { ImageUri: inputs.imageUri };
  if (inputs.code) return { ZipFile: await archiveBytes(inputs.code) };
  return { S3Bucket: inputs.s3Bucket, S3Key: inputs.s3Key, S3ObjectVersion: inputs.s3ObjectVersion };
}

function configurationOf(inputs: FunctionInputs) {
  const { environment, loggingConfig, vpcConfig } = inputs;
  return {
    ...{ FunctionName: inputs.name, Role: inputs.role, Handler: inputs.handler, Runtime: inputs.runtime },
    ...{ Description: inputs.description ?? "", MemorySize: inputs.memorySize, Timeout: inputs.timeout },
    ...{ Layers: inputs.layers ?? [], KMSKeyArn: inputs.kmsKeyArn ?? "" },
    Environment: { Variables: environment?.variables ?? {} },
    DeadLetterConfig: inputs.deadLetterConfig && { TargetArn: inputs.deadLetterConfig.targetArn },
    TracingConfig: inputs.tracingConfig && { Mode: inputs.tracingConfig.mode },
    EphemeralStorage: inputs.ephemeralStorage && { Size: inputs.ephemeralStorage.size },
    VpcConfig: vpcConfig && { SubnetIds: vpcConfig.subnetIds, SecurityGroupIds: vpcConfig.securityGroupIds },
    LoggingConfig: loggingConfig && {
      ...{ LogFormat: loggingConfig.logFormat, LogGroup: loggingConfig.logGroup },
      ...{
        ApplicationLogLevel: loggingConfig.applicationLogLevel,
        SystemLogLevel: loggingConfig.systemLogLevel,
      },
    },
  } as unknown as CreateFunctionCommandInput;
}

async function functionReady(FunctionName: string, call: Call): Promise<void> {
  for (;;) {
    const { Configuration: found } = await call
      .client(LambdaClient)
      .send(new GetFunctionCommand({ FunctionName }));
    if (found?.State === "Failed" || found?.LastUpdateStatus === "Failed") {
      throw new Error(
        `the function has failed: ${found.StateReason ?? found.LastUpdateStatusReason ?? "no reason given"}`,
      );
    }
    if (found?.State !== "Pending" && found?.LastUpdateStatus !== "InProgress") return;
    await sleep(pollMs);
  }
}

async function putConcurrency(FunctionName: string, reserved: number | undefined, call: Call): Promise<void> {
  const client = call.client(LambdaClient);
  const isLimited = reserved !== undefined && reserved !== unlimited;
  if (isLimited)
    await client.send(
      new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: reserved }),
    );
  else await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
}

const invokeArn = (region: string, arn: string) =>
  `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${arn}/invocations`;

const configurationProperties = [
  "role",
  "handler",
  "runtime",
  "description",
  "memorySize",
  "timeout",
  "layers",
]
  .concat(["kmsKeyArn", "environment", "deadLetterConfig", "tracingConfig", "ephemeralStorage", "vpcConfig"])
  .concat("loggingConfig");
const codeProperties = [
  "code",
  "s3Bucket",
  "s3Key",
  "s3ObjectVersion",
  "imageUri",
  "sourceCodeHash",
  "architectures",
];

const lambdaFunction = resource<lambda.FunctionArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 64 } },
    role: { required: true },
    packageType: { replaces: true, default: "Zip" },
    code: {},
    s3Bucket: {},
    s3Key: {},
    s3ObjectVersion: {},
    imageUri: {},
    sourceCodeHash: { computed: true },
    handler: {},
    runtime: {},
    architectures: { computed: true },
    description: {},
    memorySize: { default: 128 },
    timeout: { default: 3 },
    environment: {},
    layers: {},
    kmsKeyArn: {},
    deadLetterConfig: {},
    tracingConfig: { computed: true },
    ephemeralStorage: { computed: true },
    loggingConfig: { computed: true },
    vpcConfig: {},
    publish: { default: false },
    reservedConcurrentExecutions: { default: unlimited },
    skipDestroy: { default: false },
    tags: {},
  },
  outputs: [
    "invokeArn",
    "qualifiedArn",
    "qualifiedInvokeArn",
    "lastModified",
    "sourceCodeSize",
    "codeSha256",
    "version",
  ],
  volatile: ["lastModified", "version", "qualifiedArn", "qualifiedInvokeArn"],
  async create(inputs, call) {
    const FunctionName = inputs.name!;
    await call.client(LambdaClient).send(
      new CreateFunctionCommand({
        ...configurationOf(inputs),
        Code: await codeOf(inputs),
        ...{ Publish: inputs.publish, Tags: inputs.tagsAll },
        PackageType: inputs.packageType as "Zip" | "Image",
        Architectures: inputs.architectures as "x86_64"[] | undefined,
      }),
    );
    call.created(FunctionName);
    await functionReady(FunctionName, call);
    if (inputs.reservedConcurrentExecutions !== unlimited) {
      await putConcurrency(FunctionName, inputs.reservedConcurrentExecutions, call);
    }
    return FunctionName;
  },
  async read({ id, code, publish }, call) {
    const found = await call.client(LambdaClient).send(new GetFunctionCommand({ FunctionName: id }));
    const config = found.Configuration!;
    const arn = config.FunctionArn!;
    const version = config.Version ?? "$LATEST";
    const qualifiedArn = `${arn}:${publish ? version : "$LATEST"}`;
    const { LoggingConfig: logging, VpcConfig: vpc } = config;
    return {
      ...{ name: config.FunctionName, arn, invokeArn: invokeArn(call.region, arn), version },
      ...{ qualifiedArn, qualifiedInvokeArn: invokeArn(call.region, qualifiedArn) },
      ...{
        role: config.Role,
        handler: config.Handler || undefined,
        runtime: config.Runtime,
        description: config.Description,
      },
      ...{ memorySize: config.MemorySize, timeout: config.Timeout, packageType: config.PackageType ?? "Zip" },
      ...{
        lastModified: config.LastModified,
        sourceCodeSize: config.CodeSize,
        codeSha256: config.CodeSha256,
      },
      ...{
        architectures: config.Architectures,
        layers: config.Layers?.map(({ Arn }) => Arn),
        kmsKeyArn: config.KMSKeyArn,
      },
      environment: config.Environment && { variables: config.Environment.Variables },
      deadLetterConfig: config.DeadLetterConfig?.TargetArn && {
        targetArn: config.DeadLetterConfig.TargetArn,
      },
      tracingConfig: config.TracingConfig && { mode: config.TracingConfig.Mode },
      ephemeralStorage: config.EphemeralStorage && { size: config.EphemeralStorage.Size },
      vpcConfig: vpc?.SubnetIds?.length
        ? { subnetIds: vpc.SubnetIds, securityGroupIds: vpc.SecurityGroupIds }
        : undefined,
      loggingConfig: logging && {
        ...{ logFormat: logging.LogFormat, logGroup: logging.LogGroup },
        ...{ applicationLogLevel: logging.ApplicationLogLevel, systemLogLevel: logging.SystemLogLevel },
      },
      reservedConcurrentExecutions: found.Concurrency?.ReservedConcurrentExecutions ?? unlimited,
      ...(code ? {} : { imageUri: found.Code?.ImageUri }),
      tagsAll: found.Tags ?? {},
    };
  },
  async update(now, call, was) {
    const client = call.client(LambdaClient);
    const FunctionName = now.id;
    if (call.changed(...configurationProperties)) {
      await client.send(
        new UpdateFunctionConfigurationCommand(configurationOf({ ...now, name: FunctionName })),
      );
      await functionReady(FunctionName, call);
    }
    if (call.changed(...codeProperties)) {
      const Architectures = now.architectures as "x86_64"[] | undefined;
      const code = await codeOf(now);
      await client.send(
        new UpdateFunctionCodeCommand({ FunctionName, ...code, Publish: now.publish, Architectures }),
      );
      await functionReady(FunctionName, call);
    }
    if (call.changed("reservedConcurrentExecutions")) {
      await putConcurrency(FunctionName, now.reservedConcurrentExecutions, call);
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagResourceCommand({ Resource: now.arn, TagKeys: remove }));
      await client.send(new TagResourceCommand({ Resource: now.arn, Tags: set }));
    }
  },
  async delete({ id, skipDestroy }, call) {
    if (!skipDestroy) await call.client(LambdaClient).send(new DeleteFunctionCommand({ FunctionName: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:lambda/function:Function": lambdaFunction,
  "aws:lambda/permission:Permission": permission,
  "aws:lambda/eventSourceMapping:EventSourceMapping": eventSourceMapping,
};
