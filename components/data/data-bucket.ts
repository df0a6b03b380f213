import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { type Grantee, type Statement, grant, policyDocument } from "../shared/policy";
import { isWholeNumber, requireProperty } from "../shared/validation";

export interface DataBucketArgs {
  context: Context;
  /** Whether destroying the stack deletes the data as well; without it a bucket with objects is not destroyed. */
  deleteData: boolean;
  /** Days after which an overwritten or deleted object is gone for good. Default 30. */
  oldVersionDays?: number;
  /** Days after which the files of a batch, `batches/`, are gone. Without it they stay. */
  batchDays?: number;
  /** Days after which captured requests, `captured/`, and their labels, `labels/`, are gone. Without it they stay. */
  captureDays?: number;
}

const lifecycleDaysMost = 3650;

/**
 * The bucket of everything that a release is made of: `raw/` (what sources land), `snapshots/` (frozen inputs),
 * `releases/` (processed rows, artifacts, records); of the files of batches (`batches/`); of what was asked of the
 * model (`captured/`) and what was true (`labels/`). Private, versioned, encrypted with its own KMS key, TLS only.
 */
export class DataBucket extends pulumi.ComponentResource {
  readonly bucket: aws.s3.Bucket;
  readonly key: aws.kms.Key;
  declare private events?: aws.s3.BucketNotification;

  constructor(
    private readonly name: string,
    args: DataBucketArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:data:DataBucket", name, {}, opts);
    const { context, deleteData, oldVersionDays = 30 } = args;
    requireProperty(
      isWholeNumber(oldVersionDays, 1, lifecycleDaysMost),
      "oldVersionDays",
      oldVersionDays,
      `give a whole number of days from 1 to ${lifecycleDaysMost}`,
    );
    const tags = context.tags;
    const child = { parent: this };

    this.key = new aws.kms.Key(
      `${name}-key`,
      {
        description: `Data of ${context.project}, stack ${context.stack}`,
        enableKeyRotation: true,
        deletionWindowInDays: 7,
        tags,
      },
      child,
    );
    new aws.kms.Alias(
      `${name}-alias`,
      { name: `alias/${context.project}-${context.stack}-data`, targetKeyId: this.key.keyId },
      child,
    );
    this.bucket = new aws.s3.Bucket(
      `${name}-bucket`,
      { bucketPrefix: `${context.project}-${context.stack}-data-`, forceDestroy: deleteData, tags },
      child,
    );
    this.protect();
    this.expire(oldVersionDays, args);
    this.registerOutputs({ bucketName: this.bucket.bucket, keyArn: this.key.arn });
  }

  /** Lets the grantee list and read the objects under `prefix` (`snapshots/*`). */
  grantRead(grantee: Grantee, prefix: string): void {
    grant(
      this.name,
      grantee,
      `read-${label(prefix)}`,
      [
        this.listStatement(prefix),
        {
          Action: ["s3:GetObject", "s3:GetObjectVersion"],
          Resource: pulumi.interpolate`${this.bucket.arn}/${prefix}`,
        },
        { Action: "kms:Decrypt", Resource: this.key.arn },
      ],
      this,
    );
  }

  /** Lets the grantee list the objects under `prefix` and read none. */
  grantList(grantee: Grantee, prefix: string): void {
    grant(this.name, grantee, `list-${label(prefix)}`, [this.listStatement(prefix)], this);
  }

  /** Lets the grantee list, read and write the objects under `prefix`, and nothing delete. */
  grantReadWrite(grantee: Grantee, prefix: string): void {
    grant(
      this.name,
      grantee,
      `write-${label(prefix)}`,
      [
        this.listStatement(prefix),
        {
          Action: ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"],
          Resource: pulumi.interpolate`${this.bucket.arn}/${prefix}`,
        },
        { Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: this.key.arn },
      ],
      this,
    );
  }

  /**
   * Lets the grantee land what its source brings, and remember where it has come to; nothing of other sources. It may
   * take back what turns out not to fit when its last byte has come: an earlier version of an object stays.
   */
  grantLand(grantee: Grantee, source: string): void {
    const prefixes = [`raw/${source}/*`, `rejected/${source}/*`, `sources/${source}/*`];
    grant(
      this.name,
      grantee,
      "land",
      [
        {
          Action: "s3:ListBucket",
          Resource: this.bucket.arn,
          Condition: { StringLike: { "s3:prefix": prefixes } },
        },
        {
          Action: ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
          Resource: prefixes.map((prefix) => pulumi.interpolate`${this.bucket.arn}/${prefix}`),
        },
        { Action: "s3:DeleteObject", Resource: pulumi.interpolate`${this.bucket.arn}/raw/${source}/*` },
        { Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: this.key.arn },
      ],
      this,
    );
  }

  /** Lets the grantee list, read and remove the objects under `prefix`: what a service of AWS has put there for it. */
  grantTake(grantee: Grantee, prefix: string): void {
    this.grantRead(grantee, prefix);
    grant(
      this.name,
      grantee,
      `take-${label(prefix)}`,
      [{ Action: "s3:DeleteObject", Resource: pulumi.interpolate`${this.bucket.arn}/${prefix}` }],
      this,
    );
  }

  /**
   * Lets the grantee write under `prefix` and read nothing: for services of AWS that deliver data (Firehose, an export,
   * UNLOAD).
   */
  grantDeliver(grantee: Grantee, prefix: string): void {
    grant(
      this.name,
      grantee,
      `deliver-${label(prefix)}`,
      [
        {
          Action: ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"],
          Resource: this.bucket.arn,
        },
        {
          Action: ["s3:PutObject", "s3:AbortMultipartUpload"],
          Resource: pulumi.interpolate`${this.bucket.arn}/${prefix}`,
        },
        // parts of a multipart upload are decrypted when it is completed
        { Action: ["kms:Decrypt", "kms:GenerateDataKey"], Resource: this.key.arn },
      ],
      this,
    );
  }

  /** Lets EventBridge know of each object that is written. May be called by each component that listens. */
  sendEvents(): void {
    this.events ??= new aws.s3.BucketNotification(
      `${this.name}-events`, // a bucket has one, for all that listen
      { bucket: this.bucket.bucket, eventbridge: true },
      { parent: this },
    );
  }

  private listStatement(prefix: string): Statement {
    return {
      Action: "s3:ListBucket",
      Resource: this.bucket.arn,
      Condition: { StringLike: { "s3:prefix": prefix } },
    };
  }

  /** Closes the bucket to the public and to plain HTTP, keeps old versions, encrypts. */
  private protect(): void {
    const bucket = this.bucket.bucket;
    const child = { parent: this };
    const closed = new aws.s3.BucketPublicAccessBlock(
      `${this.name}-public-access`,
      {
        bucket,
        blockPublicAcls: true,
        blockPublicPolicy: true,
        ignorePublicAcls: true,
        restrictPublicBuckets: true,
      },
      child,
    );
    new aws.s3.BucketOwnershipControls(
      `${this.name}-ownership`,
      { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
      child,
    );
    new aws.s3.BucketVersioning(
      `${this.name}-versioning`,
      { bucket, versioningConfiguration: { status: "Enabled" } },
      child,
    );
    new aws.s3.BucketServerSideEncryptionConfiguration(
      `${this.name}-encryption`,
      {
        bucket,
        rules: [
          {
            applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: this.key.arn },
            bucketKeyEnabled: true, // one KMS request for many objects
          },
        ],
      },
      child,
    );
    new aws.s3.BucketPolicy(
      `${this.name}-policy`,
      {
        bucket,
        policy: policyDocument([
          {
            Sid: "TlsOnly",
            Effect: "Deny",
            Principal: "*",
            Action: "s3:*",
            Resource: [this.bucket.arn, pulumi.interpolate`${this.bucket.arn}/*`],
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          },
        ]),
      },
      // S3 refuses two changes of a bucket's access at the same time
      { parent: this, dependsOn: closed },
    );
  }

  private expire(oldVersionDays: number, { batchDays, captureDays }: DataBucketArgs): void {
    new aws.s3.BucketLifecycleConfiguration(
      `${this.name}-lifecycle`,
      {
        bucket: this.bucket.bucket,
        rules: [
          {
            id: "old-versions",
            status: "Enabled",
            filter: { prefix: "" },
            noncurrentVersionExpiration: { noncurrentDays: oldVersionDays },
            // what says that an object was removed, once no version of it is left: each one slows listings down
            expiration: { expiredObjectDeleteMarker: true },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
          {
            id: "raw-to-infrequent-access",
            status: "Enabled",
            filter: { prefix: "raw/" },
            transitions: [{ days: 90, storageClass: "STANDARD_IA" }],
          },
          ...gone("batches", batchDays),
          ...gone("captured", captureDays),
          ...gone("labels", captureDays),
        ],
      },
      { parent: this },
    );
  }
}

/** The rule that deletes what is under `folder` after so many days; none without them. */
const gone = (folder: string, days: number | undefined) =>
  days === undefined
    ? []
    : [
        {
          ...{ id: folder, status: "Enabled", filter: { prefix: `${folder}/` }, expiration: { days } },
          noncurrentVersionExpiration: { noncurrentDays: 1 }, // gone, not hidden
        },
      ];

/** `snapshots/*` as a part of a resource name. */
const label = (prefix: string) => prefix.replace(/\/?\*?$/, "").replace(/\W+/g, "-");
