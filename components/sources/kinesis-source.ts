import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { arn } from "../shared/context";
import { LambdaHandler } from "../lambda/lambda-handler";
import { grant, type Grantee, trustPolicy } from "../shared/policy";
import { DataSource, type SourceArgs } from "./data-source";
import { checkKinesisSettings, type KinesisSettings, streamArnPattern } from "./kinesis-settings";

export { type KinesisSettings } from "./kinesis-settings";

/** Of a Lambda that checks records: a batch of 1 MB takes a tenth of a second. */
const transformTimeoutSeconds = 60;
/** Firehose waits for so many megabytes of records, or as long as for S3 but no longer than this, to call the Lambda. */
const transformMegabytes = 1;
const transformSecondsMost = 60;
/** How far behind delivery may be, beside the time that records wait for others. */
const behindSeconds = 600;

/**
 * Records of a Kinesis data stream. Firehose gathers them, has a Lambda check each one, and writes those that fit to
 * `incoming/<source>/records/` of the data bucket, the others to `incoming/<source>/failed/`; they land from there.
 */
export class KinesisSource extends DataSource {
  /** Name of the data stream that records are sent to. */
  readonly stream: pulumi.Output<string>;
  readonly streamArn: pulumi.Output<string>;
  readonly transform: LambdaHandler;
  readonly delivery: aws.kinesis.FirehoseDeliveryStream;
  private readonly own?: aws.kinesis.Stream;
  private readonly kinesis: ReturnType<typeof checkKinesisSettings>;
  private readonly firehose: Grantee;

  constructor(
    name: string,
    args: SourceArgs & { settings: KinesisSettings },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const kinesis = checkKinesisSettings(args.settings);
    super(
      "slipway:data:KinesisSource",
      name,
      args,
      {
        kind: "kinesis",
        description: `Lands the records that Firehose has delivered for the source ${args.source}`,
        settings: {},
        schedule: kinesis.schedule,
      },
      opts,
    );
    const { context, data, source } = args;
    this.kinesis = kinesis;
    if (kinesis.streamArn === undefined) this.own = this.makeStream();
    this.stream = this.own?.name ?? pulumi.output(streamArnPattern.exec(kinesis.streamArn ?? "")?.[1] ?? "");
    this.streamArn = this.own?.arn ?? pulumi.output(kinesis.streamArn ?? "");
    this.transform = this.makeTransform();
    const role = new aws.iam.Role(
      `${name}-firehose-role`,
      { assumeRolePolicy: trustPolicy("firehose.amazonaws.com", context.accountId), tags: context.tags },
      { parent: this },
    );
    this.firehose = { role, label: `firehose-${source}` };
    this.delivery = this.makeDelivery(this.grantDelivery());
    data.grantTake(this.grantee, `incoming/${source}/*`);
    data.sendEvents();
    this.runOnObjects(data.bucket.bucket, `incoming/${source}/records/`);
    this.watchStream();
    this.registerOutputs({ functionName: this.functionName, stream: this.stream });
  }

  /** Lets the grantee send records to a data stream that the source has made. */
  grantPut(grantee: Grantee): void {
    grant(
      this.name,
      grantee,
      "put",
      [
        { Action: ["kinesis:PutRecord", "kinesis:PutRecords"], Resource: this.streamArn },
        { Action: "kms:GenerateDataKey", Resource: this.args.data.key.arn },
      ],
      this,
    );
  }

  private makeStream(): aws.kinesis.Stream {
    const { context, data, source } = this.args;
    const { shards, retentionHours } = this.kinesis;
    return new aws.kinesis.Stream(
      `${this.name}-stream`,
      {
        name: `${context.project}-${context.stack}-${source}`,
        streamModeDetails: { streamMode: shards === undefined ? "ON_DEMAND" : "PROVISIONED" },
        shardCount: shards,
        retentionPeriod: retentionHours,
        encryptionType: "KMS",
        kmsKeyId: data.key.arn,
        tags: context.tags,
      },
      { parent: this },
    );
  }

  private makeTransform(): LambdaHandler {
    const { context, logRetentionDays, source } = this.args;
    return new LambdaHandler(
      `${this.name}-transform`,
      {
        context,
        handler: "transform-kinesis",
        name: `transform-${source}`,
        description: `Checks the records of the source ${source} before Firehose delivers them`,
        environment: {},
        logRetentionDays,
        timeout: transformTimeoutSeconds,
        memorySize: 512,
      },
      { parent: this },
    );
  }

  /** What Firehose does: reads the stream, calls the Lambda, writes to the data bucket. */
  private grantDelivery(): pulumi.Resource {
    const { data, source } = this.args;
    const { keyArn } = this.kinesis;
    const lambda = this.transform.function.arn;
    const streamKeys = this.own ? [data.key.arn] : keyArn === undefined ? [] : [keyArn];
    data.grantDeliver(this.firehose, `incoming/${source}/*`);
    return grant(
      this.name,
      this.firehose,
      "read",
      [
        {
          Action: [
            "kinesis:DescribeStream",
            "kinesis:GetShardIterator",
            "kinesis:GetRecords",
            "kinesis:ListShards",
          ],
          Resource: this.streamArn,
        },
        ...streamKeys.map((Resource) => ({ Action: "kms:Decrypt", Resource })),
        {
          Action: ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
          Resource: [lambda, pulumi.interpolate`${lambda}:*`],
        },
      ],
      this,
    );
  }

  private makeDelivery(granted: pulumi.Resource): aws.kinesis.FirehoseDeliveryStream {
    const { context, data, source } = this.args;
    const { bufferSeconds, bufferMegabytes } = this.kinesis;
    const roleArn = this.firehose.role.arn;
    const { log, logged } = this.makeLog();
    const parameter = (parameterName: string, parameterValue: pulumi.Input<string>) => ({
      parameterName,
      parameterValue,
    });
    return new aws.kinesis.FirehoseDeliveryStream(
      `${this.name}-delivery`,
      {
        name: this.deliveryName,
        destination: "extended_s3",
        kinesisSourceConfiguration: { kinesisStreamArn: this.streamArn, roleArn },
        extendedS3Configuration: {
          roleArn,
          bucketArn: data.bucket.arn,
          prefix: `incoming/${source}/records/!{timestamp:yyyy-MM-dd}/`,
          errorOutputPrefix: `incoming/${source}/failed/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/`,
          bufferingInterval: bufferSeconds,
          bufferingSize: bufferMegabytes,
          compressionFormat: "GZIP",
          cloudwatchLoggingOptions: log,
          processingConfiguration: {
            enabled: true,
            processors: [
              {
                type: "Lambda",
                parameters: [
                  parameter("LambdaArn", pulumi.interpolate`${this.transform.function.arn}:$LATEST`),
                  parameter("BufferSizeInMBs", `${transformMegabytes}`),
                  parameter("BufferIntervalInSeconds", `${Math.min(bufferSeconds, transformSecondsMost)}`),
                ],
              },
            ],
          },
        },
        tags: context.tags,
      },
      { parent: this, dependsOn: [granted, logged] }, // Firehose tries its role when the delivery stream is made
    );
  }

  /** Where Firehose says why it cannot deliver. */
  private makeLog() {
    const { context, logRetentionDays } = this.args;
    const name = `/aws/kinesisfirehose/${this.deliveryName}`;
    const logStreamName = "DestinationDelivery";
    const group = new aws.cloudwatch.LogGroup(
      `${this.name}-delivery-logs`,
      { name, retentionInDays: logRetentionDays, tags: context.tags },
      { parent: this },
    );
    const stream = new aws.cloudwatch.LogStream(
      `${this.name}-delivery-log`,
      { name: logStreamName, logGroupName: group.name },
      { parent: this },
    );
    const logged = grant(
      this.name,
      this.firehose,
      "logs",
      [
        {
          Action: "logs:PutLogEvents",
          Resource: arn(context, "logs", `log-group:${name}:log-stream:${logStreamName}`),
        },
      ],
      this,
    );
    const log = { enabled: true, logGroupName: group.name, logStreamName: stream.name };
    return { log, logged };
  }

  override get lambdas() {
    return { ...super.lambdas, [`transform:${this.source}`]: this.transform };
  }

  override get outputs() {
    return { ...super.outputs, stream: this.stream };
  }

  private get deliveryName(): string {
    const { context, source } = this.args;
    return `${context.project}-${context.stack}-${source}`;
  }

  private watchStream(): void {
    const { context, source } = this.args;
    const transformLog = `/aws/lambda/${context.project}-${context.stack}-transform-${source}`;
    const limit = 2 * this.kinesis.bufferSeconds + behindSeconds;
    const delivery = { DeliveryStreamName: this.delivery.name };
    const latest = { statistic: "Maximum", period: 60, evaluationPeriods: 2 };
    this.watch("transform-errors", {
      title: "records that cannot be checked",
      alarmDescription: `Records of the source ${source} cannot be checked; they wait in incoming/${source}/failed/ and land with the next run. The log ${transformLog} says why.`,
      namespace: "AWS/Lambda",
      metricName: "Errors",
      dimensions: { FunctionName: this.transform.function.name },
    });
    this.watch("freshness", {
      title: "oldest record on its way (seconds)",
      ...latest,
      alarmDescription: `Records of the source ${source} wait for more than ${limit} seconds to be written to the data bucket: the log /aws/kinesisfirehose/${this.deliveryName} says why.`,
      namespace: "AWS/Firehose",
      metricName: "DeliveryToS3.DataFreshness",
      dimensions: delivery,
      threshold: limit,
    });
    this.watch("behind", {
      title: "behind the stream (milliseconds)",
      ...latest,
      alarmDescription: `Firehose is more than ${behindSeconds} seconds behind in reading the stream of the source ${source}. Records that it has not read when their retention ends are lost.`,
      namespace: "AWS/Firehose",
      metricName: "KinesisMillisBehindLatest",
      dimensions: delivery,
      threshold: behindSeconds * 1000,
    });
    this.watch("throttled", {
      title: "records that the stream refuses",
      alarmDescription: `The stream of the source ${source} refuses records, as more are sent than its shards take: give it more shards, or none for a stream on demand.`,
      namespace: "AWS/Kinesis",
      metricName: "WriteProvisionedThroughputExceeded",
      dimensions: { StreamName: this.stream },
    });
  }
}
