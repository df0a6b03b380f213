import { isWholeNumber, requireProperty } from "../shared/validation";

export interface KinesisSettings {
  kind: "kinesis";
  /** ARN of an existing data stream of this account and region. Default: the source makes one. */
  streamArn?: string;
  /** ARN of the KMS key that the existing data stream is encrypted with, if it has one of its own. */
  keyArn?: string;
  /** Of 1 MB or 1,000 records a second each. Default: on demand, which grows with use and costs by use. */
  shards?: number;
  /** Hours for which a new data stream keeps its records, 24 to 8,760: how long delivery may be away. Default 24. */
  retentionHours?: number;
  /** Records wait for others so long, 1 to 900 seconds, before they are landed together. Default 60. */
  bufferSeconds?: number;
  /** Or until there are so many megabytes, 1 to 64, of them. Default 16. */
  bufferMegabytes?: number;
  /** When refused records are gathered, and objects looked for that no event told of. Default `rate(15 minutes)`. */
  schedule?: string;
}

export const streamArnPattern = /^arn:[\w-]+:kinesis:[\w-]+:\d{12}:stream\/([\w.-]{1,128})$/;

/** The settings with their defaults. @throws InputPropertyError for a value that cannot be. */
export function checkKinesisSettings(settings: KinesisSettings) {
  const { streamArn, keyArn, shards, retentionHours = 24 } = settings;
  const { bufferSeconds = 60, bufferMegabytes = 16, schedule = "rate(15 minutes)" } = settings;
  requireProperty(
    streamArn === undefined || streamArnPattern.test(streamArn),
    "streamArn",
    streamArn,
    "give the ARN of a data stream, arn:aws:kinesis:region:account:stream/name; without one the source makes its own",
  );
  requireProperty(
    keyArn === undefined ||
      (streamArn !== undefined && /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/.test(keyArn)),
    "keyArn",
    keyArn,
    streamArn === undefined
      ? "leave it out: a data stream that the source makes is encrypted with the data bucket's key"
      : "give the ARN of the KMS key, arn:aws:kms:region:account:key/id",
  );
  requireProperty(
    shards === undefined || (streamArn === undefined && isWholeNumber(shards, 1, 500)),
    "shards",
    shards,
    streamArn === undefined
      ? "give a whole number from 1 to 500, or leave it out for a stream on demand"
      : "leave it out: the existing data stream has its shards",
  );
  const least = { retentionHours: 24, bufferSeconds: 1, bufferMegabytes: 1 };
  const most = { retentionHours: 8760, bufferSeconds: 900, bufferMegabytes: 64 };
  for (const [name, value] of Object.entries({ retentionHours, bufferSeconds, bufferMegabytes })) {
    const key = name as keyof typeof least;
    requireProperty(
      isWholeNumber(value, least[key], most[key]),
      name,
      value,
      `give a whole number from ${least[key]} to ${most[key]}`,
    );
  }
  return { streamArn, keyArn, shards, retentionHours, bufferSeconds, bufferMegabytes, schedule };
}
