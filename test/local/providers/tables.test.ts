import {
  DescribeTableCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import {
  GetNamespaceCommand,
  GetWorkgroupCommand,
  RedshiftServerlessClient,
} from "@aws-sdk/client-redshift-serverless";
import * as aws from "@pulumi/aws";
import { type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCloud, type TestCloud } from "./cloud";
import { testStack } from "./stack";

const first = {
  key: "id",
  recovery: true,
  protection: false,
  stream: false,
  owner: "first",
  capacity: 8,
  managed: true,
  amount: 8,
};

describe("DynamoDB tables and Redshift Serverless by the laptop's plugin", function () {
  this.timeout(120_000);
  let home: string;
  let cloud: TestCloud;
  let stack: Stack;
  let variant = first;

  function program(): Promise<Record<string, unknown>> {
    const { key, recovery, protection, stream, owner, capacity, managed, amount } = variant;
    const tags = { owner };
    const table = new aws.dynamodb.Table("trips", {
      ...{ hashKey: key, attributes: [{ name: key, type: "S" }], billingMode: "PAY_PER_REQUEST", tags },
      ...{ pointInTimeRecovery: { enabled: recovery }, serverSideEncryption: { enabled: true } },
      ...{ deletionProtectionEnabled: protection, ttl: { enabled: true, attributeName: "until" } },
      ...(stream ? { streamEnabled: true, streamViewType: "NEW_IMAGE" } : {}),
    });
    const namespace = new aws.redshiftserverless.Namespace("trips", {
      ...{ namespaceName: "trips", dbName: "taxis", tags },
      ...(managed
        ? { manageAdminPassword: true }
        : { adminUsername: "admin", adminUserPassword: "Secret-1234" }),
    });
    const workgroup = new aws.redshiftserverless.Workgroup("trips", {
      ...{ workgroupName: "trips", namespaceName: namespace.namespaceName, baseCapacity: capacity, tags },
    });
    new aws.redshiftserverless.UsageLimit("trips", {
      ...{ resourceArn: workgroup.arn, usageType: "serverless-compute", amount, period: "daily" },
    });
    const secretArn = namespace.adminPasswordSecretArn;
    return Promise.resolve({ table: table.name, streamArn: table.streamArn, secretArn });
  }

  const config = (endpoint = cloud.url) => ({
    ...{ region: "us-east-1", endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } },
  });
  const serverless = () =>
    new RedshiftServerlessClient(config(cloud.env.AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS));
  const described = async (TableName: string) =>
    (await new DynamoDBClient(config()).send(new DescribeTableCommand({ TableName }))).Table;

  before(async function () {
    home = mkdtempSync(join(tmpdir(), "slipway-tables-"));
    cloud = await startCloud(home, "redshift");
    const made = await testStack("tables", program, cloud, home, "path");
    if (!made) return this.skip(); // this machine has no Pulumi CLI
    stack = made;
    await stack.up();
  });
  after(async () => {
    await cloud?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  it("makes what is asked for, and finds it unchanged", async () => {
    const { table, secretArn } = await stack.outputs();
    expect((await described(table!.value as string))?.SSEDescription?.Status).to.equal("ENABLED");
    expect(secretArn?.value).to.contain(":secret:redshift!trips-admin");
    await stack.refresh({ expectNoChanges: true });
    await stack.up({ expectNoChanges: true });
  });

  it("changes in place what can be", async () => {
    variant = {
      ...first,
      protection: true,
      stream: true,
      owner: "second",
      capacity: 16,
      managed: false,
      amount: 4,
    };
    const { summary } = await stack.up();
    expect(summary.resourceChanges).to.eql({ same: 1, update: 4 });
    const { table, streamArn } = await stack.outputs();
    expect(await described(table!.value as string)).to.deep.include({
      ...{ DeletionProtectionEnabled: true, LatestStreamArn: streamArn?.value as unknown },
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    });
    const { namespace } = await serverless().send(new GetNamespaceCommand({ namespaceName: "trips" }));
    expect(namespace?.adminPasswordSecretArn).to.equal(undefined);
    const { workgroup } = await serverless().send(new GetWorkgroupCommand({ workgroupName: "trips" }));
    expect(workgroup?.baseCapacity).to.equal(16);
    await stack.refresh({ expectNoChanges: true });
  });

  it("puts right what was changed by hand", async () => {
    variant = { ...variant, protection: false };
    await stack.up();
    const { table } = await stack.outputs();
    await new DynamoDBClient(config()).send(
      new UpdateContinuousBackupsCommand({
        TableName: table!.value as string,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      }),
    );
    await stack.refresh();
    expect((await stack.up()).summary.resourceChanges).to.eql({ same: 4, update: 1 });
  });

  it("replaces a table whose key changes", async () => {
    const before = (await stack.outputs()).table?.value as string;
    variant = { ...variant, key: "trip" };
    expect((await stack.up()).summary.resourceChanges).to.eql({ same: 4, replace: 1 });
    const now = (await stack.outputs()).table?.value as string;
    expect(now).not.to.equal(before);
    expect((await described(now))?.KeySchema).to.eql([{ AttributeName: "trip", KeyType: "HASH" }]);
  });

  it("leaves nothing", async () => {
    await stack.destroy();
    const error = await serverless()
      .send(new GetNamespaceCommand({ namespaceName: "trips" }))
      .catch((caught: Error) => caught);
    expect(error).to.have.property("name", "ResourceNotFoundException");
  });
});
