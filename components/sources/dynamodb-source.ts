import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { grant } from "../policy";
import { requireProperty } from "../validation";
import { DataSource, type SourceArgs } from "./data-source";

export interface DynamodbSettings {
  kind: "dynamodb";
  /** ARN of a table that is there already, with point-in-time recovery. Without it a table is made. */
  tableArn?: string;
  /** The new table's partition key. Default `id`. */
  partitionKey?: string;
  /** The new table's sort key, if it is to have one. */
  sortKey?: string;
  /** Type of the keys: S (text) or N (number). Default S. */
  keyType?: string;
  /**
   * What an attribute is called in schema.json; null leaves it out. Default: the same, and the partition key of a new
   * table is left out.
   */
  attributes?: Record<string, string | null>;
  /** When to look. Default `rate(1 hour)`; there is an export every 15 minutes at most. */
  schedule?: string;
}

export interface DynamodbSourceArgs extends SourceArgs {
  settings: DynamodbSettings;
  /** Whether destroying the stack deletes a table that it has made. */
  deleteData: boolean;
}

const tableArn = /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+$/;
const attributeName = /^.{1,255}$/s;

/** For how many days a table can be exported as it was, and its changes be asked for. */
const rememberedDays = 35;

/**
 * A DynamoDB table, exported into the data bucket: first the whole table, then what has changed, a record an item.
 * Exports use none of the table's capacity. The table is one that is there already, or a new one: on demand, encrypted,
 * with point-in-time recovery.
 */
export class DynamodbSource extends DataSource {
  readonly tableArn: pulumi.Output<string>;
  /** Of a table that the stack has made. */
  readonly table: aws.dynamodb.Table | undefined;

  override get outputs() {
    return { ...super.outputs, tableArn: this.tableArn };
  }

  constructor(name: string, args: DynamodbSourceArgs, opts?: pulumi.ComponentResourceOptions) {
    const { data, settings, source } = args;
    requireSettings(settings);
    let table: aws.dynamodb.Table | undefined;
    const settle = (parent: pulumi.Resource) => {
      table = settings.tableArn === undefined ? newTable(name, args, parent) : undefined;
      return {
        kind: "dynamodb",
        description: `Lands exports of the DynamoDB table ${settings.tableArn?.split("/").at(-1) ?? source}`,
        settings: {
          tableArn: table?.arn ?? settings.tableArn,
          keyArn: data.key.arn,
          attributes: JSON.stringify(attributesOf(settings)),
          rememberedDays,
        },
        schedule: settings.schedule ?? "rate(1 hour)",
      };
    };
    super("slipway:data:DynamodbSource", name, args, settle, opts);
    this.table = table;
    this.tableArn = pulumi.output(settings.tableArn ?? table!.arn);
    this.grantExport();
    this.registerOutputs({ functionName: this.functionName, tableArn: this.tableArn });
  }

  /** The Lambda asks for exports, and DynamoDB writes them with the Lambda's permissions. */
  private grantExport(): void {
    const { data, source } = this.args;
    const incoming = `incoming/${source}/*`;
    data.grantDeliver(this.grantee, incoming);
    data.grantRead(this.grantee, incoming);
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
      deletionProtectionEnabled: !deleteData,
      tags: context.tags,
    },
    { parent },
  );
}

function attributesOf({ tableArn: arn, partitionKey = "id", attributes }: DynamodbSettings) {
  return attributes ?? (arn === undefined ? { [partitionKey]: null } : {});
}

function requireSettings(settings: DynamodbSettings): void {
  const { tableArn: arn, partitionKey, sortKey, keyType, attributes = {} } = settings;
  requireProperty(
    arn === undefined || tableArn.test(arn),
    "tableArn",
    arn,
    "give the table's ARN, such as arn:aws:dynamodb:us-east-1:123456789012:table/trips, or leave it out for a new table",
  );
  for (const [property, value] of Object.entries({ partitionKey, sortKey, keyType })) {
    requireProperty(
      arn === undefined || value === undefined,
      property,
      value,
      "leave it out: the table at tableArn has its keys already",
    );
  }
  for (const [property, value] of Object.entries({ partitionKey, sortKey })) {
    const fits = value === undefined || (attributeName.test(value) && partitionKey !== sortKey);
    requireProperty(fits, property, value, "give a name of 1 to 255 characters, another for each key");
  }
  requireProperty(
    keyType === undefined || ["S", "N"].includes(keyType),
    "keyType",
    keyType,
    "write S for texts or N for numbers",
  );
  const names = Object.values(attributes).filter((name) => name !== null);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  requireProperty(twice === undefined, "attributes", attributes, `two attributes cannot both be ${twice}`);
}
