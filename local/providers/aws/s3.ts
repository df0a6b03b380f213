import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketEncryptionCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type s3 } from "@pulumi/aws";
import { orGone } from "../shared/errors";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, toTagList } from "../shared/tags";
import { bucketRule, settingOfBucket } from "./s3-setting";
import { bucketLifecycle } from "./s3-lifecycle";
import { bucketNotification } from "./s3-notification";
import { bucketObject } from "./s3-object";

async function emptyBucket(Bucket: string, call: Call): Promise<void> {
  const client = call.client(S3Client);
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const found = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
    if (found.length === 0) return;
    const Objects = found.map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors?.length)
      throw new Error(`'${Errors[0]?.Key}' in bucket '${Bucket}' cannot be deleted: ${Errors[0]?.Message}`);
  }
}

async function putBucketTags(Bucket: string, tags: Record<string, string>, call: Call): Promise<void> {
  const client = call.client(S3Client);
  if (Object.keys(tags).length === 0) await client.send(new DeleteBucketTaggingCommand({ Bucket }));
  else await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: toTagList(tags) } }));
}

const bucket = resource<s3.BucketArgs>({
  inputs: {
    bucket: { replaces: true, autoName: { maxLength: 63, lowercase: true } },
    bucketPrefix: { replaces: true },
    forceDestroy: { default: false },
    objectLockEnabled: { replaces: true, computed: true },
    tags: {},
  },
  outputs: ["bucketDomainName", "bucketRegionalDomainName", "bucketRegion", "hostedZoneId"],
  async create(inputs, call) {
    const Bucket = inputs.bucket!;
    const LocationConstraint = call.region as "eu-west-1";
    await call.client(S3Client).send(
      new CreateBucketCommand({
        Bucket,
        ObjectLockEnabledForBucket: inputs.objectLockEnabled,
        // S3 refuses the region that it takes for the default.
        ...(call.region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint } }),
      }),
    );
    call.created(Bucket);
    await putBucketTags(Bucket, inputs.tagsAll, call);
    return Bucket;
  },
  async read({ id }, call) {
    const client = call.client(S3Client);
    await client.send(new HeadBucketCommand({ Bucket: id }));
    const tags = await orGone(client.send(new GetBucketTaggingCommand({ Bucket: id })));
    return {
      bucket: id,
      arn: `arn:aws:s3:::${id}`,
      bucketDomainName: `${id}.s3.amazonaws.com`,
      bucketRegionalDomainName: `${id}.s3.${call.region}.amazonaws.com`,
      bucketRegion: call.region,
      hostedZoneId: "Z3AQBSTGFYJSTF",
      tagsAll: fromTagList(tags?.TagSet),
    };
  },
  async update(now, call) {
    if (call.changed("tagsAll")) await putBucketTags(now.id, now.tagsAll, call);
  },
  async delete({ id, forceDestroy }, call) {
    if (forceDestroy) await emptyBucket(id, call);
    await call.client(S3Client).send(new DeleteBucketCommand({ Bucket: id }));
  },
});

async function putVersioning(inputs: Inputs<s3.BucketVersioningArgs>, call: Call): Promise<string> {
  const { status, mfaDelete } = inputs.versioningConfiguration;
  // "Disabled" is Terraform's word for a bucket whose versioning was never touched.
  if (status !== "Disabled") {
    await call.client(S3Client).send(
      new PutBucketVersioningCommand({
        Bucket: inputs.bucket,
        VersioningConfiguration: {
          Status: status as "Enabled",
          MFADelete: mfaDelete as "Enabled" | undefined,
        },
      }),
    );
  }
  return inputs.bucket;
}

const bucketVersioning = resource<s3.BucketVersioningArgs>({
  ...settingOfBucket,
  inputs: { bucket: bucketRule, versioningConfiguration: { required: true } },
  create: putVersioning,
  async read({ id }, call) {
    const { Status, MFADelete } = await call
      .client(S3Client)
      .send(new GetBucketVersioningCommand({ Bucket: id }));
    return { bucket: id, versioningConfiguration: { status: Status ?? "Disabled", mfaDelete: MFADelete } };
  },
  async update(now, call) {
    await putVersioning(now, call);
  },
  async delete(state, call) {
    // As the real provider: versioning cannot be taken back, only suspended.
    if (state.versioningConfiguration?.status === "Enabled") {
      await putVersioning({ ...state, versioningConfiguration: { status: "Suspended" } }, call);
    }
  },
});

async function putEncryption(
  inputs: Inputs<s3.BucketServerSideEncryptionConfigurationArgs>,
  call: Call,
): Promise<string> {
  const Rules = inputs.rules.map(({ applyServerSideEncryptionByDefault: standard, bucketKeyEnabled }) => ({
    BucketKeyEnabled: bucketKeyEnabled,
    ApplyServerSideEncryptionByDefault: standard && {
      SSEAlgorithm: standard.sseAlgorithm as "aws:kms",
      KMSMasterKeyID: standard.kmsMasterKeyId,
    },
  }));
  const Bucket = inputs.bucket;
  await call
    .client(S3Client)
    .send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  return Bucket;
}

const bucketEncryption = resource<s3.BucketServerSideEncryptionConfigurationArgs>({
  ...settingOfBucket,
  inputs: { bucket: bucketRule, rules: { required: true, set: true } },
  create: putEncryption,
  async read({ id }, call) {
    const { ServerSideEncryptionConfiguration: found } = await call
      .client(S3Client)
      .send(new GetBucketEncryptionCommand({ Bucket: id }));
    const rules = found?.Rules?.map(({ ApplyServerSideEncryptionByDefault: standard, BucketKeyEnabled }) => ({
      bucketKeyEnabled: BucketKeyEnabled,
      applyServerSideEncryptionByDefault: standard && {
        sseAlgorithm: standard.SSEAlgorithm,
        kmsMasterKeyId: standard.KMSMasterKeyID,
      },
    }));
    return { bucket: id, rules };
  },
  async update(now, call) {
    await putEncryption(now, call);
  },
  async delete({ id }, call) {
    await call.client(S3Client).send(new DeleteBucketEncryptionCommand({ Bucket: id }));
  },
});

async function putAccessBlock(inputs: Inputs<s3.BucketPublicAccessBlockArgs>, call: Call): Promise<string> {
  const Bucket = inputs.bucket;
  const PublicAccessBlockConfiguration = {
    BlockPublicAcls: inputs.blockPublicAcls,
    BlockPublicPolicy: inputs.blockPublicPolicy,
    IgnorePublicAcls: inputs.ignorePublicAcls,
    RestrictPublicBuckets: inputs.restrictPublicBuckets,
  };
  await call
    .client(S3Client)
    .send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  return Bucket;
}

const bucketPublicAccessBlock = resource<s3.BucketPublicAccessBlockArgs>({
  ...settingOfBucket,
  inputs: {
    bucket: bucketRule,
    blockPublicAcls: { default: false },
    blockPublicPolicy: { default: false },
    ignorePublicAcls: { default: false },
    restrictPublicBuckets: { default: false },
    skipDestroy: {},
  },
  create: putAccessBlock,
  async read({ id }, call) {
    const { PublicAccessBlockConfiguration: found } = await call
      .client(S3Client)
      .send(new GetPublicAccessBlockCommand({ Bucket: id }));
    return {
      bucket: id,
      blockPublicAcls: found?.BlockPublicAcls ?? false,
      blockPublicPolicy: found?.BlockPublicPolicy ?? false,
      ignorePublicAcls: found?.IgnorePublicAcls ?? false,
      restrictPublicBuckets: found?.RestrictPublicBuckets ?? false,
    };
  },
  async update(now, call) {
    await putAccessBlock(now, call);
  },
  async delete({ id, skipDestroy }, call) {
    if (!skipDestroy) await call.client(S3Client).send(new DeletePublicAccessBlockCommand({ Bucket: id }));
  },
});

async function putOwnership(inputs: Inputs<s3.BucketOwnershipControlsArgs>, call: Call): Promise<string> {
  const Rules = [{ ObjectOwnership: inputs.rule.objectOwnership as "BucketOwnerEnforced" }];
  await call
    .client(S3Client)
    .send(new PutBucketOwnershipControlsCommand({ Bucket: inputs.bucket, OwnershipControls: { Rules } }));
  return inputs.bucket;
}

const bucketOwnershipControls = resource<s3.BucketOwnershipControlsArgs>({
  ...settingOfBucket,
  inputs: { bucket: bucketRule, rule: { required: true } },
  create: putOwnership,
  async read({ id }, call) {
    const { OwnershipControls } = await call
      .client(S3Client)
      .send(new GetBucketOwnershipControlsCommand({ Bucket: id }));
    return { bucket: id, rule: { objectOwnership: OwnershipControls?.Rules?.[0]?.ObjectOwnership } };
  },
  async update(now, call) {
    await putOwnership(now, call);
  },
  async delete({ id }, call) {
    await call.client(S3Client).send(new DeleteBucketOwnershipControlsCommand({ Bucket: id }));
  },
});

async function putBucketPolicy(inputs: Inputs<s3.BucketPolicyArgs>, call: Call): Promise<string> {
  await call
    .client(S3Client)
    .send(new PutBucketPolicyCommand({ Bucket: inputs.bucket, Policy: inputs.policy as string }));
  return inputs.bucket;
}

const bucketPolicy = resource<s3.BucketPolicyArgs>({
  ...settingOfBucket,
  inputs: { bucket: bucketRule, policy: { required: true, json: "policy" } },
  create: putBucketPolicy,
  async read({ id }, call) {
    const { Policy } = await call.client(S3Client).send(new GetBucketPolicyCommand({ Bucket: id }));
    return Policy ? { bucket: id, policy: Policy } : undefined;
  },
  async update(now, call) {
    await putBucketPolicy(now, call);
  },
  async delete({ id }, call) {
    await call.client(S3Client).send(new DeleteBucketPolicyCommand({ Bucket: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:s3/bucket:Bucket": bucket,
  "aws:s3/bucketVersioning:BucketVersioning": bucketVersioning,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketEncryption,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketPublicAccessBlock,
  "aws:s3/bucketOwnershipControls:BucketOwnershipControls": bucketOwnershipControls,
  "aws:s3/bucketPolicy:BucketPolicy": bucketPolicy,
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketLifecycle,
  "aws:s3/bucketNotification:BucketNotification": bucketNotification,
  "aws:s3/bucketObjectv2:BucketObjectv2": bucketObject,
};
