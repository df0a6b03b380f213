import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type s3 } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, toTagList } from "../shared/tags";
import { bucketRule, settingOfBucket } from "./s3-setting";

type LifecycleArgs = Inputs<s3.BucketLifecycleConfigurationArgs>;
type RuleArgs = NonNullable<LifecycleArgs["rules"]>[number];

/** An absolute day, which the SDK wants as a Date, or undefined. */
const day = (text: string | undefined) => (text ? new Date(text) : undefined);

function lifecycleFilter({ filter, prefix }: RuleArgs): LifecycleRule["Filter"] {
  if (!filter) return { Prefix: prefix ?? "" };
  const { and, tag } = filter;
  if (and) {
    return {
      And: {
        Prefix: and.prefix,
        ObjectSizeGreaterThan: and.objectSizeGreaterThan,
        ObjectSizeLessThan: and.objectSizeLessThan,
        Tags: and.tags && toTagList(and.tags),
      },
    };
  }
  if (tag) return { Tag: { Key: tag.key, Value: tag.value } };
  if (filter.objectSizeGreaterThan) return { ObjectSizeGreaterThan: filter.objectSizeGreaterThan };
  if (filter.objectSizeLessThan) return { ObjectSizeLessThan: filter.objectSizeLessThan };
  return { Prefix: filter.prefix ?? "" };
}

function toLifecycleRule(rule: RuleArgs): LifecycleRule {
  const { expiration, abortIncompleteMultipartUpload: abort, noncurrentVersionExpiration: noncurrent } = rule;
  return {
    ID: rule.id,
    Status: rule.status as "Enabled",
    Filter: lifecycleFilter(rule),
    Expiration: expiration && {
      Days: expiration.days,
      Date: day(expiration.date),
      ExpiredObjectDeleteMarker: expiration.expiredObjectDeleteMarker,
    },
    Transitions: rule.transitions?.map((one) => ({
      ...{ Days: one.days, Date: day(one.date), StorageClass: one.storageClass as "GLACIER" },
    })),
    NoncurrentVersionExpiration: noncurrent && {
      NoncurrentDays: noncurrent.noncurrentDays,
      NewerNoncurrentVersions: noncurrent.newerNoncurrentVersions,
    },
    NoncurrentVersionTransitions: rule.noncurrentVersionTransitions?.map((one) => ({
      NoncurrentDays: one.noncurrentDays,
      NewerNoncurrentVersions: one.newerNoncurrentVersions,
      StorageClass: one.storageClass as "GLACIER",
    })),
    AbortIncompleteMultipartUpload: abort && { DaysAfterInitiation: abort.daysAfterInitiation },
  };
}

function fromLifecycleRule(rule: LifecycleRule) {
  const { Expiration: expiration, Filter: filter, NoncurrentVersionExpiration: noncurrent } = rule;
  return {
    id: rule.ID,
    status: rule.Status,
    filter: filter && {
      prefix: filter.Prefix,
      tag: filter.Tag && { key: filter.Tag.Key, value: filter.Tag.Value },
      objectSizeGreaterThan: filter.ObjectSizeGreaterThan,
      objectSizeLessThan: filter.ObjectSizeLessThan,
      and: filter.And && {
        prefix: filter.And.Prefix,
        objectSizeGreaterThan: filter.And.ObjectSizeGreaterThan,
        objectSizeLessThan: filter.And.ObjectSizeLessThan,
        tags: filter.And.Tags && fromTagList(filter.And.Tags),
      },
    },
    expiration: expiration && {
      days: expiration.Days,
      date: expiration.Date?.toISOString(),
      expiredObjectDeleteMarker: expiration.ExpiredObjectDeleteMarker,
    },
    transitions: rule.Transitions?.map((one) => ({
      days: one.Days,
      date: one.Date?.toISOString(),
      storageClass: one.StorageClass,
    })),
    noncurrentVersionExpiration: noncurrent && {
      noncurrentDays: noncurrent.NoncurrentDays,
      newerNoncurrentVersions: noncurrent.NewerNoncurrentVersions,
    },
    noncurrentVersionTransitions: rule.NoncurrentVersionTransitions?.map((one) => ({
      noncurrentDays: one.NoncurrentDays,
      newerNoncurrentVersions: one.NewerNoncurrentVersions,
      storageClass: one.StorageClass,
    })),
    abortIncompleteMultipartUpload: rule.AbortIncompleteMultipartUpload && {
      daysAfterInitiation: rule.AbortIncompleteMultipartUpload.DaysAfterInitiation,
    },
  };
}

async function putLifecycle(inputs: LifecycleArgs, call: Call): Promise<string> {
  const LifecycleConfiguration = { Rules: (inputs.rules ?? []).map(toLifecycleRule) };
  await call
    .client(S3Client)
    .send(new PutBucketLifecycleConfigurationCommand({ Bucket: inputs.bucket, LifecycleConfiguration }));
  return inputs.bucket;
}

export const bucketLifecycle = resource<s3.BucketLifecycleConfigurationArgs>({
  ...settingOfBucket,
  inputs: {
    bucket: bucketRule,
    rules: { required: true, set: true },
    transitionDefaultMinimumObjectSize: { computed: true },
  },
  create: putLifecycle,
  async read({ id, rules }, call) {
    const { Rules } = await call
      .client(S3Client)
      .send(new GetBucketLifecycleConfigurationCommand({ Bucket: id }));
    // The order has no meaning, and S3 may answer in another one: keep the one that is known.
    const order = new Map((rules ?? []).map((rule, index) => [rule.id, index]));
    const found = (Rules ?? [])
      .map(fromLifecycleRule)
      .sort((a, b) => (order.get(a.id!) ?? 0) - (order.get(b.id!) ?? 0));
    return { bucket: id, rules: found };
  },
  async update(now, call) {
    await putLifecycle(now, call);
  },
  async delete({ id }, call) {
    await call.client(S3Client).send(new DeleteBucketLifecycleCommand({ Bucket: id }));
  },
});
