import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { LambdaHandler } from "../../../components/lambda/lambda-handler";
import { context, declare, failure, only, statements } from "../mocks";

const bucket = () => new DataBucket("data", { context, deleteData: false });

describe("DataBucket", () => {
  it("is private, versioned, owned by the account and encrypted with its own rotating key", async () => {
    const declared = await declare(bucket);
    expect(only(declared, "BucketPublicAccessBlock")).to.deep.include({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(only(declared, "BucketVersioning").versioningConfiguration).to.deep.equal({ status: "Enabled" });
    expect(only(declared, "BucketOwnershipControls").rule).to.deep.equal({
      objectOwnership: "BucketOwnerEnforced",
    });
    expect(only(declared, "Key").enableKeyRotation).to.equal(true);
    expect(only(declared, "BucketServerSideEncryptionConfiguration").rules).to.deep.equal([
      {
        applyServerSideEncryptionByDefault: {
          sseAlgorithm: "aws:kms",
          kmsMasterKeyId: "arn:aws:aws:kms/key:Key:data-key",
        },
        bucketKeyEnabled: true,
      },
    ]);
  });

  it("refuses plain HTTP to everybody", async () => {
    const [statement] = statements(only(await declare(bucket), "BucketPolicy"));
    expect(statement).to.deep.include({ Effect: "Deny", Principal: "*", Action: "s3:*" });
    expect(statement?.Condition).to.deep.equal({ Bool: { "aws:SecureTransport": "false" } });
  });

  it("keeps its data when the stack is destroyed, unless it is told otherwise", async () => {
    expect(only(await declare(bucket), "Bucket").forceDestroy).to.equal(false);
    const throwaway = () => new DataBucket("data", { context, deleteData: true });
    expect(only(await declare(throwaway), "Bucket").forceDestroy).to.equal(true);
  });

  it("lets old versions go after the given days", async () => {
    const declared = await declare(
      () => new DataBucket("data", { context, deleteData: false, oldVersionDays: 7 }),
    );
    const rules = only(declared, "BucketLifecycleConfiguration").rules as Record<string, unknown>[];
    expect(rules[0]?.noncurrentVersionExpiration).to.deep.equal({ noncurrentDays: 7 });
  });

  it("grants reading of one prefix, and nothing else", async () => {
    const declared = await declare(() => {
      const handler = lambda();
      bucket().grantRead(handler.grantee, "snapshots/*");
    });
    const granted = statements(only(declared, "RolePolicy", "data-predict-read-snapshots"));
    expect(granted.map(({ Action, Resource }) => ({ Action, Resource }))).to.deep.equal([
      { Action: "s3:ListBucket", Resource: "arn:aws:aws:s3/bucket:Bucket:data-bucket" },
      {
        Action: ["s3:GetObject", "s3:GetObjectVersion"],
        Resource: "arn:aws:aws:s3/bucket:Bucket:data-bucket/snapshots/*",
      },
      { Action: "kms:Decrypt", Resource: "arn:aws:aws:kms/key:Key:data-key" },
    ]);
    expect(granted[0]?.Condition).to.deep.equal({ StringLike: { "s3:prefix": "snapshots/*" } });
  });

  it("grants writing without deleting", async () => {
    const declared = await declare(() => bucket().grantReadWrite(lambda().grantee, "releases/*"));
    const actions = statements(only(declared, "RolePolicy", "write-releases")).flatMap(
      ({ Action }) => Action,
    );
    expect(actions).to.include("s3:PutObject");
    expect(actions.filter((action) => String(action).includes("Delete"))).to.deep.equal([]);
  });

  it("names the bad property, its value and the fix", async () => {
    const bad = () =>
      declare(() => new DataBucket("data", { context, deleteData: false, oldVersionDays: 0 }));
    expect(await failure(bad)).to.equal("oldVersionDays is 0: give a whole number of days from 1 to 3650");
  });
});

const lambda = () =>
  new LambdaHandler("api", {
    context,
    handler: "predict",
    description: "a handler",
    environment: {},
    logRetentionDays: 30,
    timeout: 10,
  });
