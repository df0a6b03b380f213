/** Firehose delivery streams for tests: their role, the Lambda that transforms, and what arrives in S3. */
import {
  CreateDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  FirehoseClient,
  type KinesisStreamSourceConfiguration,
} from "@aws-sdk/client-firehose";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { strToU8, zipSync } from "fflate";
import { gunzipSync } from "node:zlib";
import { setTimeout as sleep } from "node:timers/promises";
import { clientConfig, type LocalState } from "../../../local/state";

export const account = "000000000000";
export const bucket = "delivered";
export const arnOf = (service: string, resource: string) =>
  `arn:aws:${service}:us-east-1:${account}:${resource}`;

/** What Firehose's role has to be allowed in these tests. */
export const permissions = {
  read: {
    Action: ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords"],
    Resource: arnOf("kinesis", "stream/*"),
  },
  write: { Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/*` },
  transform: { Action: "lambda:InvokeFunction", Resource: arnOf("lambda", "function:*") },
};

export class DeliveryWorld {
  readonly s3: S3Client;
  readonly firehose: FirehoseClient;
  private readonly iam: IAMClient;
  private readonly lambda: LambdaClient;

  constructor(state: LocalState) {
    this.s3 = new S3Client(clientConfig(state, "s3"));
    this.firehose = new FirehoseClient(clientConfig(state));
    this.iam = new IAMClient(clientConfig(state));
    this.lambda = new LambdaClient(clientConfig(state));
  }

  async prepare(): Promise<void> {
    await this.s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await this.role("firehose", "firehose.amazonaws.com", Object.values(permissions));
    await this.role("transform", "lambda.amazonaws.com", []);
  }

  /** A role, or new permissions for one that is there. */
  async role(name: string, service: string, statements: object[]): Promise<string> {
    const document = (list: object[]) =>
      JSON.stringify({
        Version: "2012-10-17",
        Statement: list.map((one) => ({ Effect: "Allow", ...one })),
      });
    const trust = {
      Principal: { Service: service },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "aws:SourceAccount": account } },
    };
    await this.iam
      .send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: document([trust]) }))
      .catch((error: Error) => {
        if (error.name !== "EntityAlreadyExistsException") throw error;
      });
    if (statements.length > 0) {
      const PolicyDocument = document(statements);
      await this.iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: "all", PolicyDocument }));
    }
    return `arn:aws:iam::${account}:role/${name}`;
  }

  /** A Lambda function with this body of `async (event) => {...}`; its ARN. */
  async function(FunctionName: string, body: string): Promise<string> {
    const code = `exports.handler = async (event) => {${body}};`;
    await this.lambda.send(
      new CreateFunctionCommand({
        ...{ FunctionName, Runtime: "nodejs22.x", Handler: "index.handler", Timeout: 10 },
        Role: `arn:aws:iam::${account}:role/transform`,
        Code: { ZipFile: zipSync({ "index.js": strToU8(code) }) },
      }),
    );
    return arnOf("lambda", `function:${FunctionName}`);
  }

  /** A delivery stream to `<name>/` of the bucket that delivers each second, unless told otherwise. */
  async deliveryStream(
    name: string,
    changes: Partial<ExtendedS3DestinationConfiguration> = {},
    source?: KinesisStreamSourceConfiguration,
  ): Promise<void> {
    await this.firehose.send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: name,
        DeliveryStreamType: source ? "KinesisStreamAsSource" : "DirectPut",
        KinesisStreamSourceConfiguration: source,
        ExtendedS3DestinationConfiguration: {
          BucketARN: `arn:aws:s3:::${bucket}`,
          RoleARN: `arn:aws:iam::${account}:role/firehose`,
          Prefix: `${name}/data/!{timestamp:yyyy-MM-dd}/`,
          ErrorOutputPrefix: `${name}/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/`,
          BufferingHints: { SizeInMBs: 1, IntervalInSeconds: 1 },
          ...changes,
        },
      }),
    );
  }

  async keys(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for (let token: string | undefined, more = true; more; more = token !== undefined) {
      const page = await this.s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: token }),
      );
      keys.push(...(page.Contents ?? []).map(({ Key = "" }) => Key));
      token = page.NextContinuationToken;
    }
    return keys;
  }

  async read(key: string): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const bytes = await Body!.transformToByteArray();
    return (key.endsWith(".gz") ? gunzipSync(bytes) : Buffer.from(bytes)).toString();
  }

  /** The lines of all objects below the prefix. */
  async lines(prefix: string): Promise<string[]> {
    const texts = await Promise.all((await this.keys(prefix)).map((key) => this.read(key)));
    return texts.flatMap((text) => text.split("\n").filter(Boolean));
  }

  /** Waits for `count` lines below the prefix. */
  async arrived(prefix: string, count: number): Promise<string[]> {
    for (;;) {
      const lines = await this.lines(prefix);
      if (lines.length >= count) return lines;
      await sleep(100);
    }
  }
}

/** ProcessingConfiguration with one Lambda function that is called each second. */
export const transformedBy = (arn: string, retries = 1) => ({
  Enabled: true,
  Processors: [
    {
      Type: "Lambda" as const,
      Parameters: [
        { ParameterName: "LambdaArn" as const, ParameterValue: arn },
        { ParameterName: "NumberOfRetries" as const, ParameterValue: `${retries}` },
        { ParameterName: "BufferIntervalInSeconds" as const, ParameterValue: "0" },
      ],
    },
  ],
});
