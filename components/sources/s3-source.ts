import type * as pulumi from "@pulumi/pulumi";
import { grant } from "../shared/policy";
import { isWholeNumber, requireProperty } from "../shared/validation";
import { DataSource, type SourceArgs } from "./data-source";

export interface S3Settings {
  kind: "s3";
  /** ARN of a bucket elsewhere. Default: the data bucket, in which files are dropped into `incoming/<source>/`. */
  bucket?: string;
  /** In a bucket elsewhere, what the keys of the files begin with. Default: all files. */
  prefix?: string;
  /** ARN of the KMS key that the bucket elsewhere is encrypted with, if it has one of its own. */
  keyArn?: string;
  /** When to look for files that no event told of. Default `rate(1 hour)`. */
  schedule?: string;
  /** Of one file. Default 10,000. */
  maxMegabytes?: number;
}

const bucketArn = /^arn:[\w-]+:s3:::([a-z0-9.-]{3,63})$/;
/** In the 15 minutes of a Lambda, at the 22 MB/s that were measured on a busy laptop, 19,000 would be landed. */
const mostMegabytes = 15_000;

/**
 * Files that are dropped into a bucket: the data bucket, or one elsewhere. EventBridge tells of each as soon as it is
 * there, when the bucket sends its events; a listing on a schedule finds those that it did not tell of.
 */
export class S3Source extends DataSource {
  /** Name of the bucket, when it is not the data bucket. */
  private readonly elsewhere?: string;

  constructor(
    name: string,
    args: SourceArgs & { settings: S3Settings },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { data, settings, source } = args;
    const { maxMegabytes = 10_000 } = settings;
    check(settings, maxMegabytes);
    const elsewhere = bucketArn.exec(settings.bucket ?? "")?.[1];
    const bucket = elsewhere ?? data.bucket.bucket;
    const prefix = elsewhere === undefined ? `incoming/${source}/` : (settings.prefix ?? "");
    super(
      "slipway:data:S3Source",
      name,
      args,
      {
        kind: "s3",
        description: `Lands the files that are dropped into ${elsewhere ?? "the data bucket"}, ${prefix}`,
        settings: { bucket, prefix, maxMegabytes },
        schedule: settings.schedule ?? "rate(1 hour)",
      },
      opts,
    );
    this.elsewhere = elsewhere;
    if (elsewhere === undefined) {
      data.grantRead(this.grantee, `${prefix}*`);
      data.sendEvents();
    } else this.readElsewhere(settings, prefix);
    this.runOnObjects(bucket, prefix);
    this.registerOutputs({ functionName: this.functionName });
  }

  override get outputs() {
    return { ...super.outputs, ...(this.elsewhere === undefined ? {} : { bucket: this.elsewhere }) };
  }

  private readElsewhere({ bucket = "", keyArn }: S3Settings, prefix: string): void {
    grant(
      this.name,
      this.grantee,
      "read",
      [
        {
          Action: "s3:ListBucket",
          Resource: bucket,
          Condition: { StringLike: { "s3:prefix": `${prefix}*` } },
        },
        { Action: "s3:GetObject", Resource: `${bucket}/${prefix}*` },
        ...(keyArn === undefined ? [] : [{ Action: "kms:Decrypt", Resource: keyArn }]),
      ],
      this,
    );
  }
}

function check({ bucket, prefix, keyArn }: S3Settings, maxMegabytes: number): void {
  requireProperty(
    bucket === undefined || bucketArn.test(bucket),
    "bucket",
    bucket,
    "give the ARN of a bucket, arn:aws:s3:::name; without one, files are dropped into the data bucket",
  );
  requireProperty(
    prefix === undefined || (bucket !== undefined && !/[*?$]/.test(prefix)),
    "prefix",
    prefix,
    bucket === undefined
      ? "leave it out: in the data bucket it is incoming/<source>/"
      : "give what the keys begin with, such as trips/, without * ? $",
  );
  requireProperty(
    keyArn === undefined || /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/.test(keyArn),
    "keyArn",
    keyArn,
    "give the ARN of the KMS key, arn:aws:kms:region:account:key/id",
  );
  requireProperty(
    isWholeNumber(maxMegabytes, 1, mostMegabytes),
    "maxMegabytes",
    maxMegabytes,
    `give a whole number of megabytes from 1 to ${mostMegabytes}`,
  );
}
