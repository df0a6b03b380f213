import { isWholeNumber, requireProperty } from "../shared/validation";

export interface DynamodbSettings {
  kind: "dynamodb";
  /**
   * `export` (default): the whole table, and then what has changed, by exports. `stream`: each change within about a
   * minute, from when the source is made; nothing of what the table had before.
   */
  mode?: string;
  /** ARN of a table that is there already, with point-in-time recovery. Without it a table is made. */
  tableArn?: string;
  /** With `stream`: ARN of a table's stream that is there already, with new images. Without it a table is made. */
  streamArn?: string;
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
  /** With `stream`: seconds for which changes are gathered into one object, 0 to 300. Default 60. */
  bufferSeconds?: number;
  /** With `export`: when to look. Default `rate(1 hour)`; there is an export every 15 minutes at most. */
  schedule?: string;
}

const tableArnPattern = /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+$/;
const streamArnPattern = /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+\/stream\/[\w:.-]+$/;
const attributeName = /^.{1,255}$/s;

export const isStream = ({ mode }: DynamodbSettings) => mode === "stream";

/** Whether the stack makes the table. */
export const isNew = ({ tableArn, streamArn }: DynamodbSettings) =>
  tableArn === undefined && streamArn === undefined;

/** @throws InputPropertyError that names the setting, its value and the fix. */
export function checkDynamodbSettings(settings: DynamodbSettings): void {
  const { mode, tableArn, streamArn, schedule, bufferSeconds, attributes = {} } = settings;
  requireProperty(
    mode === undefined || ["export", "stream"].includes(mode),
    "mode",
    mode,
    "write export or stream",
  );
  requireProperty(
    tableArn === undefined || (tableArnPattern.test(tableArn) && !isStream(settings)),
    "tableArn",
    tableArn,
    isStream(settings)
      ? "with mode stream give streamArn instead, or neither for a new table"
      : "give the table's ARN, such as arn:aws:dynamodb:us-east-1:123456789012:table/trips, or leave it out for a new table",
  );
  requireProperty(
    streamArn === undefined || (streamArnPattern.test(streamArn) && isStream(settings)),
    "streamArn",
    streamArn,
    "give the ARN of a table's stream (LatestStreamArn of DescribeTable), with mode stream only",
  );
  requireProperty(
    schedule === undefined || !isStream(settings),
    "schedule",
    schedule,
    "leave it out: a stream brings changes as they come",
  );
  requireProperty(
    bufferSeconds === undefined || (isStream(settings) && isWholeNumber(bufferSeconds, 0, 300)),
    "bufferSeconds",
    bufferSeconds,
    "give whole seconds from 0 to 300, with mode stream only",
  );
  checkKeys(settings);
  const names = Object.values(attributes).filter((name) => name !== null);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  requireProperty(twice === undefined, "attributes", attributes, `two attributes cannot both be ${twice}`);
}

function checkKeys(settings: DynamodbSettings): void {
  const { partitionKey, sortKey, keyType } = settings;
  for (const [property, value] of Object.entries({ partitionKey, sortKey, keyType })) {
    requireProperty(
      isNew(settings) || value === undefined,
      property,
      value,
      "leave it out: a table that is there already has its keys",
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
}
