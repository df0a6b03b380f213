import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { stackAlarm, watch, type WatchArgs, type Watched } from "../shared/alarm";
import { type Context } from "../shared/context";
import { type DataBucket } from "../data/data-bucket";
import { LambdaHandler, type VpcConfig } from "../lambda/lambda-handler";
import { type Grantee } from "../shared/policy";
import { type ResultsTopic } from "../results/results-topic";
import { runOnSchedule } from "../lambda/schedule";
import { requireProperty } from "../shared/validation";

/** What every source is given, whatever its kind. */
export interface SourceArgs {
  context: Context;
  data: DataBucket;
  results: ResultsTopic;
  logRetentionDays: number;
  /** Name that the user gave it: part of names of resources and of keys of objects. */
  source: string;
}

/** What the `slipway` command is told of a source. */
export interface SourceOutputs {
  kind: string;
  functionName: pulumi.Output<string>;
  /** Name of the Kinesis data stream, of the kind that has one. */
  stream?: pulumi.Input<string>;
  /** Name of the bucket in which files are dropped, when it is not the data bucket. */
  bucket?: pulumi.Input<string>;
  /** ARN of the DynamoDB table. */
  tableArn?: pulumi.Input<string>;
  /** Of the database of RDS: where it is, and the secret with its user and password. */
  host?: pulumi.Input<string>;
  port?: pulumi.Input<number>;
  secretArn?: pulumi.Input<string>;
  /** Name of the workgroup of Redshift Serverless that the stack has made. */
  workgroup?: pulumi.Input<string>;
  /** ARN of the role that UNLOAD of Redshift takes: a warehouse that was there already has to be given it. */
  unloadRoleArn?: pulumi.Input<string>;
}

/** What makes the kinds differ. */
export interface SourceKind {
  /** As in the configuration: `s3`, `http`. The Lambda's code is `handlers/ingest-<kind>`. */
  kind: string;
  description: string;
  /** What the Lambda gets as SETTINGS, as JSON. Never a secret. */
  settings: Record<string, pulumi.Input<string | number | boolean | undefined>>;
  /** When the Lambda runs by itself: `rate(1 hour)`, or cron(...) in UTC. */
  schedule?: string;
  /** Seconds. Default 900, the longest that Lambda allows. */
  timeout?: number;
  /** Megabytes. Default 1,769, with which Lambda gives one whole processor. */
  memorySize?: number;
  /** Puts the Lambda into a VPC. */
  vpcConfig?: VpcConfig;
}

/** `slipway-pr-999999-sources-<source>-objects-to-ingest-0a1b` then has the 64 characters that AWS takes. */
export const longestSourceName = 15;

/** The title follows the source's name. */
type SourceWatchArgs = Omit<WatchArgs, "context" | "alarmName" | "evaluationPeriods"> &
  Partial<Pick<WatchArgs, "evaluationPeriods">>;

/** The longest time between runs of which one has to fail for the alarm to ring. */
const alarmPeriodSeconds = 300;

/**
 * A source of data: the Lambda that lands what it brings in the data bucket, its schedule and its alarms. What the kind
 * needs besides is made by the class of the kind, which calls `registerOutputs` at its end.
 */
export abstract class DataSource extends pulumi.ComponentResource {
  readonly kind: string;
  readonly source: string;
  readonly functionName: pulumi.Output<string>;
  readonly watched: Watched[] = [];
  protected readonly ingest: LambdaHandler;
  protected readonly settled: SourceKind;

  /** @param settle what the Lambda needs to be told of may be made here, as children of the source. */
  protected constructor(
    token: string,
    protected readonly name: string,
    protected readonly args: SourceArgs,
    settle: SourceKind | ((parent: pulumi.Resource) => SourceKind),
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super(token, name, {}, opts);
    const settled = typeof settle === "function" ? settle(this) : settle;
    this.settled = settled;
    const { context, data, results, source } = args;
    requireProperty(
      /^[a-z][a-z0-9-]*$/.test(source) && source.length <= longestSourceName,
      "source",
      source,
      `give a name of at most ${longestSourceName} small letters, digits and dashes that begins with a letter`,
    );
    this.kind = settled.kind;
    this.source = source;
    this.ingest = new LambdaHandler(
      `${name}-ingest`,
      {
        context,
        handler: `ingest-${settled.kind}`,
        name: `ingest-${source}`,
        description: settled.description,
        environment: {
          STACK: context.stack,
          SOURCE: source,
          DATA_BUCKET: data.bucket.bucket,
          RESULTS_QUEUE_URL: results.queue.url,
          SETTINGS: pulumi.jsonStringify(settled.settings),
        },
        logRetentionDays: args.logRetentionDays,
        timeout: settled.timeout ?? 900,
        memorySize: settled.memorySize ?? 1769,
        vpcConfig: settled.vpcConfig,
      },
      { parent: this },
    );
    this.functionName = this.ingest.function.name;
    data.grantLand(this.grantee, source);
    results.grantSend(this.grantee);
    if (settled.schedule !== undefined) this.runEvery(settled.schedule);
    this.watch("errors", {
      title: "runs that fail",
      alarmDescription: `The source ${source} (${settled.kind}) cannot be ingested: its log ${`/aws/lambda/${context.project}-${context.stack}-ingest-${source}`} says why.`,
      namespace: "AWS/Lambda",
      metricName: "Errors",
      dimensions: { FunctionName: this.functionName },
    });
  }

  /** Its functions, by the names of their stages for `slipway logs`. */
  get lambdas(): Record<string, LambdaHandler> {
    return { [`ingest:${this.source}`]: this.ingest };
  }

  /** What the `slipway` command needs to know. */
  get outputs(): SourceOutputs {
    return { kind: this.kind, functionName: this.functionName };
  }

  /** Who may do what the Lambda does. */
  protected get grantee(): Grantee {
    return this.ingest.grantee;
  }

  /** An alarm that rings when the metric's sum is above `threshold` (0) in five minutes. */
  protected watch(role: string, args: SourceWatchArgs): void {
    const { context } = this.args;
    const watched = watch(
      `${this.name}-${role}`,
      {
        ...{ statistic: "Sum", threshold: 0, period: alarmPeriodSeconds, evaluationPeriods: 1 },
        ...args,
        context,
        title: `${this.source}: ${args.title}`,
        alarmName: `${stackAlarm(context)}-source-${this.source}-${role}`,
      },
      { parent: this },
    );
    this.watched.push(watched);
  }

  /** Runs the Lambda for each object that comes into `bucket` under `prefix`, if the bucket tells EventBridge of them. */
  protected runOnObjects(bucket: pulumi.Input<string>, prefix: string): void {
    const { context, source } = this.args;
    const rule = new aws.cloudwatch.EventRule(
      `${this.name}-objects`,
      {
        description: `An object for the source ${source} of ${context.project}, stack ${context.stack}`,
        eventPattern: pulumi.jsonStringify({
          source: ["aws.s3"],
          "detail-type": ["Object Created"],
          detail: {
            bucket: { name: [bucket] },
            ...(prefix === "" ? {} : { object: { key: [{ prefix }] } }), // all: EventBridge knows no empty prefix
          },
        }),
        tags: context.tags,
      },
      { parent: this },
    );
    const permission = new aws.lambda.Permission(
      `${this.name}-objects-invoke`,
      {
        action: "lambda:InvokeFunction",
        function: this.ingest.function.name,
        principal: "events.amazonaws.com",
        sourceArn: rule.arn,
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(
      `${this.name}-objects-to-ingest`,
      { rule: rule.name, arn: this.ingest.function.arn },
      { parent: this, dependsOn: permission },
    );
  }

  private runEvery(expression: string): void {
    const { context, source } = this.args;
    runOnSchedule(
      this.name,
      {
        ...{ context, expression, function: this.ingest.function },
        name: `ingest-${source}`,
        description: `Runs the source ${source} of ${context.project}, stack ${context.stack}`,
      },
      this,
    );
  }
}
