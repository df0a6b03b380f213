import * as aws from "@pulumi/aws";
import { type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { companionOf } from "../buckets";
import { check } from "../rule";

/** Where AWS encrypts only when it is told to, or where a key of one's own says who may read. */
export const encryption: ResourceValidationPolicy = {
  name: "encryption-at-rest",
  description: "What is stored is encrypted.",
  validateResource: [
    check(aws.s3.BucketServerSideEncryptionConfiguration, ({ rules }, report) => {
      for (const { applyServerSideEncryptionByDefault: byDefault } of rules ?? []) {
        if (!byDefault?.sseAlgorithm.startsWith("aws:kms"))
          report("sseAlgorithm", byDefault?.sseAlgorithm, "write 'aws:kms' and a key of the stack");
      }
    }),
    check(aws.sqs.Queue, ({ sqsManagedSseEnabled, kmsMasterKeyId }, report) => {
      if (!sqsManagedSseEnabled && !kmsMasterKeyId)
        report("sqsManagedSseEnabled", sqsManagedSseEnabled, "write true, or give a kmsMasterKeyId");
    }),
    check(aws.sns.Topic, ({ kmsMasterKeyId }, report) => {
      if (!kmsMasterKeyId)
        report("kmsMasterKeyId", kmsMasterKeyId, "write 'alias/aws/sns', or a key of the stack");
    }),
    check(aws.dynamodb.Table, ({ serverSideEncryption }, report) => {
      if (!serverSideEncryption?.enabled)
        report("serverSideEncryption", serverSideEncryption, "write { enabled: true }");
    }),
    check(aws.kinesis.Stream, ({ encryptionType }, report) => {
      if (encryptionType !== "KMS")
        report("encryptionType", encryptionType, "write 'KMS' and a kmsKeyId of the stack");
    }),
    check(aws.rds.Instance, ({ storageEncrypted }, report) => {
      if (!storageEncrypted) report("storageEncrypted", storageEncrypted, "write true");
    }),
    check(aws.kms.Key, ({ enableKeyRotation, keyUsage }, report) => {
      const rotates = (keyUsage ?? "ENCRYPT_DECRYPT") === "ENCRYPT_DECRYPT"; // AWS rotates no others
      if (rotates && !enableKeyRotation) report("enableKeyRotation", enableKeyRotation, "write true");
    }),
  ],
};

/** A bucket's encryption is a resource of its own, which may have been forgotten. */
export const bucketEncryption: StackValidationPolicy = {
  name: "bucket-encryption",
  description: "Each bucket says how it is encrypted.",
  validateStack: companionOf(aws.s3.Bucket, aws.s3.BucketServerSideEncryptionConfiguration),
};
