import * as aws from "@pulumi/aws";
import { type Values, policyOf } from "./world";

/** Keys, a bucket with all its settings, a table, an image repository, parameters and secrets. */
export function storage({ change, replace }: Values) {
  const tags = { owner: change("first", "second") };
  const key = keys({ change, replace });
  const bucket = new aws.s3.Bucket("bucket", {
    ...{ bucket: replace("conformance-one", "conformance-two"), forceDestroy: true, tags },
  });
  bucketSettings({ change, replace }, bucket, key);
  new aws.dynamodb.Table("table", {
    ...{ name: replace("table-one", "table-two"), billingMode: "PAY_PER_REQUEST", tags },
    ...{ hashKey: "id", attributes: [{ name: "id", type: "S" }] },
  });
  const repository = new aws.ecr.Repository("repository", {
    ...{ name: replace("repository-one", "repository-two"), tags },
    imageTagMutability: change("MUTABLE", "IMMUTABLE"),
  });
  const rule = {
    ...{ rulePriority: 1, action: { type: "expire" } },
    selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: 5 },
  };
  new aws.ecr.LifecyclePolicy("repository", {
    repository: repository.name,
    policy: JSON.stringify({ rules: [rule] }),
  });
  new aws.ssm.Parameter("parameter", {
    ...{ name: replace("/conformance/one", "/conformance/two"), type: "String" },
    value: change("first", "second"),
  });
  const secret = new aws.secretsmanager.Secret("secret", {
    ...{ name: replace("secret-one", "secret-two"), recoveryWindowInDays: 0 },
    description: change("first", "second"),
  });
  new aws.secretsmanager.SecretVersion("secret", { secretId: secret.id, secretString: "hidden" });
  return { bucket };
}

function keys({ change, replace }: Values) {
  new aws.kms.Key("key", {
    ...{ description: change("first", "second"), deletionWindowInDays: 7 },
    customerMasterKeySpec: replace("SYMMETRIC_DEFAULT", "HMAC_256"),
    keyUsage: replace("ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC"),
  });
  const [one, two] = ["one", "two"].map((name) => new aws.kms.Key(`alias-${name}`, { description: name }));
  new aws.kms.Alias("alias", {
    name: replace("alias/conformance-one", "alias/conformance-two"),
    targetKeyId: change(one!.keyId, two!.keyId),
  });
  return one!;
}

function bucketSettings({ change }: Values, { bucket, arn }: aws.s3.Bucket, key: aws.kms.Key) {
  new aws.s3.BucketVersioning("bucket", {
    ...{ bucket, versioningConfiguration: { status: change("Enabled", "Suspended") } },
  });
  new aws.s3.BucketServerSideEncryptionConfiguration("bucket", {
    bucket,
    rules: [
      {
        bucketKeyEnabled: change(false, true),
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: key.arn },
      },
    ],
  });
  const block = new aws.s3.BucketPublicAccessBlock("bucket", {
    ...{ bucket, blockPublicAcls: true, blockPublicPolicy: true, restrictPublicBuckets: true },
    ignorePublicAcls: change(false, true),
  });
  new aws.s3.BucketOwnershipControls("bucket", {
    ...{ bucket, rule: { objectOwnership: change("BucketOwnerPreferred", "BucketOwnerEnforced") } },
  });
  const policy = arn.apply((Resource) =>
    policyOf({
      ...{ Sid: change("First", "Second"), Principal: { Service: "logging.s3.amazonaws.com" } },
      ...{ Action: "s3:PutObject", Resource: `${Resource}/logs/*` },
    }),
  );
  new aws.s3.BucketPolicy("bucket", { bucket, policy }, { dependsOn: block });
  new aws.s3.BucketLifecycleConfiguration("bucket", {
    bucket,
    rules: [{ id: "old", status: "Enabled", filter: {}, expiration: { days: change(30, 60) } }],
  });
  new aws.s3.BucketNotification("bucket", { bucket, eventbridge: change(true, false) });
  new aws.s3.BucketObjectv2("object", {
    ...{ bucket, key: "a.txt", content: "text", contentType: change("text/plain", "text/csv") },
  });
}
