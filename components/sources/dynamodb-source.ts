import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { grant } from "../shared/policy";
import { DataSource, type SourceArgs } from "./data-source";
import { checkDynamodbSettings, type DynamodbSettings, isNew, isStream } from "./dynamodb-settings";

export { type DynamodbSettings } from "./dynamodb-settings";

export interface DynamodbSourceArgs extends SourceArgs {
  settings: DynamodbSettings;
  /** Whether destroying the stack deletes a table that it has made. */
  deleteData: boolean;
}

/** For how many days a table can be exported as it was, and its changes be asked for. */
const rememberedDays = 35;

/** A batch of a stream is one object. */
const batchSize = 10_000;
const batchSeconds = 60;
const attempts = 10;

/**
 * A DynamoDB table, exported into the data bucket: first the whole table, then what has changed, a record an item.
 * Exports use none of the table's capacity. Or its stream, each change as it comes. The table is one that is there
 * already, or a new one: on demand, encrypted, with point-in-time recovery.
 */
export class DynamodbSource extends DataSource {
  /** Of the table, or of its stream. */
  readonly tableArn: pulumi.Output<string>;
  /** Of a table that the stack has made. */
  readonly table: aws.dynamodb.Table | undefined;
  /** With a stream: what was given up on, by shard and sequence number. */
  readonly failures: aws.sqs.Queue | undefined;

  override get outputs() {
    return { ...super.outputs, tableArn: this.tableArn };
  }

  constructor(name: string, args: DynamodbSourceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { settings } = args;
    checkDynamodbSettings(settings);
    let table: aws.dynamodb.Table | undefined;
    const settle = (parent: pulumi.Resource) => {
      table = isNew(settings) ? newTable(name, args, parent) : undefined;
      return kindOf(args, table);
    };
    super("slipway:data:DynamodbSource", name, args, settle, opts);
    this.table = table;
    const given = settings.tableArn ?? settings.streamArn?.split("/stream/")[0];
    this.tableArn = pulumi.output(given ?? table!.arn);
    if (isStream(settings)) this.failures = this.follow(settings.streamArn ?? table!.streamArn, settings);
    else this.grantExport();
    this.registerOutputs({ functionName: this.functionName, tableArn: this.tableArn });
  }

  /** The Lambda asks for exports, and DynamoDB writes them with the Lambda's permissions. */
  private grantExport(): void {
    const { data, source } = this.args;
    const incoming = `incoming/${source}/*`;
    data.grantDeliver(this.grantee, incoming);
    data.grantTake(this.grantee, incoming); // what has landed is removed
    grant(
      this.name,
      this.grantee,
      "export",
      [
        { Action: "dynamodb:ExportTableToPointInTime", Resource: this.tableArn },
        { Action: "dynamodb:DescribeExport", Resource: pulumi.interpolate`${this.tableArn}/export/*` },
        // asked for by ExportTableToPointInTime, though the bucket has no ACLs
        { Action: "s3:PutObjectAcl", Resource: pulumi.interpolate`${data.bucket.arn}/${incoming}` },
      ],
      this,
    );
  }

  /** Gives the Lambda the stream's changes. @returns the queue that tells of batches that were given up on. */
  private follow(
    streamArn: pulumi.Input<string>,
    { bufferSeconds = batchSeconds }: DynamodbSettings,
  ): aws.sqs.Queue {
    const { tags } = this.args.context;
    const failures = new aws.sqs.Queue(
      `${this.name}-failures`,
      { messageRetentionSeconds: 14 * 86_400, sqsManagedSseEnabled: true, tags },
      { parent: this },
    );
    const read = grant(
      this.name,
      this.grantee,
      "stream",
      [
        {
          Action: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
          Resource: streamArn,
        },
        { Action: "dynamodb:ListStreams", Resource: "*" }, // AWS offers no narrower resource
        { Action: "sqs:SendMessage", Resource: failures.arn },
      ],
      this,
    );
    new aws.lambda.EventSourceMapping(
      `${this.name}-stream-to-ingest`,
      {
        eventSourceArn: streamArn,
        functionName: this.ingest.function.name,
        startingPosition: "TRIM_HORIZON",
        batchSize,
        maximumBatchingWindowInSeconds: bufferSeconds,
        maximumRetryAttempts: attempts,
        bisectBatchOnFunctionError: true,
        functionResponseTypes: ["ReportBatchItemFailures"],
        destinationConfig: { onFailure: { destinationArn: failures.arn } },
      },
      { parent: this, dependsOn: read }, // Lambda checks the permission when the mapping is made
    );
    this.watch("failures", {
      title: "changes that were given up on",
      alarmDescription: `Changes of the table of the source ${this.source} were given up on: the queue says which.`,
      ...{ namespace: "AWS/SQS", metricName: "ApproximateNumberOfMessagesVisible", statistic: "Maximum" },
      dimensions: { QueueName: failures.name },
    });
    return failures;
  }
}

function kindOf({ data, settings, source }: DynamodbSourceArgs, table: aws.dynamodb.Table | undefined) {
  const { tableArn, partitionKey = "id" } = settings;
  const attributes = JSON.stringify(settings.attributes ?? (table ? { [partitionKey]: null } : {}));
  if (isStream(settings)) {
    const description = `Lands what changes in a DynamoDB table, for the source ${source}`;
    return { kind: "dynamodb", description, settings: { mode: "stream", attributes } };
  }
  return {
    kind: "dynamodb",
    description: `Lands exports of the DynamoDB table ${tableArn?.split("/").at(-1) ?? source}`,
    settings: {
      ...{ mode: "export", tableArn: table?.arn ?? tableArn, keyArn: data.key.arn },
      ...{ attributes, rememberedDays },
    },
    schedule: settings.schedule ?? "rate(1 hour)",
  };
}

function newTable(
  name: string,
  { context, settings, source, deleteData }: DynamodbSourceArgs,
  parent: pulumi.Resource,
): aws.dynamodb.Table {
  const { partitionKey = "id", sortKey, keyType: type = "S" } = settings;
  const keys = [partitionKey, sortKey].filter((key) => key !== undefined);
  return new aws.dynamodb.Table(
    `${name}-table`,
    {
      name: `${context.project}-${context.stack}-${source}`,
      billingMode: "PAY_PER_REQUEST",
      hashKey: partitionKey,
      rangeKey: sortKey,
      attributes: keys.map((key) => ({ name: key, type })),
      pointInTimeRecovery: { enabled: true },
      serverSideEncryption: { enabled: true }, // with a KMS key of DynamoDB's, whose use is logged
      ...(isStream(settings) ? { streamEnabled: true, streamViewType: "NEW_IMAGE" } : {}),
      deletionProtectionEnabled: !deleteData,
      tags: context.tags,
    },
    { parent },
  );
}
