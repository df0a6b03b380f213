import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { ResultsTopic } from "../../../components/results/results-topic";
import { StateTable } from "../../../components/data/state-table";
import { type RedshiftSettings, RedshiftSource } from "../../../components/sources/redshift-source";
import { context, declare, failure, only, statements } from "../mocks";

const workgroupArn = "arn:aws:redshift-serverless:us-east-1:123456789012:workgroup/0a1b";
const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:reader-AbCdEf";

const declared = (settings: Partial<RedshiftSettings> = {}) =>
  declare(() => {
    const data = new DataBucket("data", { context, deleteData: true });
    const results = new ResultsTopic("results", {
      context,
      state: new StateTable("state", { context, deleteData: true }),
      subscribers: [],
      digestSeconds: 1,
      logRetentionDays: 30,
    });
    const args = { context, data, results, logRetentionDays: 30, source: "orders", deleteData: true };
    const wanted = {
      kind: "redshift" as const,
      query: "select * from trips",
      watermark: "pickup",
      ...settings,
    };
    new RedshiftSource("orders", { ...args, settings: wanted });
  });

const ofType = (resources: Awaited<ReturnType<typeof declared>>, type: string) =>
  resources.filter((one) => one.type.startsWith(`aws:${type}`));

const allowed = (resources: Awaited<ReturnType<typeof declared>>) =>
  statements(only(resources, "RolePolicy", "-statements")).map(({ Action, Resource }) => [Action, Resource]);

describe("RedshiftSource", () => {
  it("makes a small private warehouse with a daily limit, unless it is given one", async () => {
    const made = await declared();
    expect(only(made, "Namespace")).to.deep.include({
      namespaceName: "slipway-dev-orders",
      dbName: "dev",
      manageAdminPassword: true,
      kmsKeyId: "arn:aws:aws:kms/key:Key:data-key",
      iamRoles: ["arn:aws:aws:iam/role:Role:orders-unload-role"],
    });
    expect(only(made, "Workgroup")).to.deep.include({ publiclyAccessible: false, baseCapacity: 8 });
    expect(only(made, "UsageLimit")).to.deep.include({
      ...{ usageType: "serverless-compute", amount: 8, period: "daily", breachAction: "deactivate" },
    });
    expect(ofType(await declared({ workgroupArn }), "redshift")).to.eql([]);
  });

  it("lets UNLOAD write below its own prefix, and read nothing", async () => {
    const resources = await declared();
    const ofRole = resources.filter(
      ({ type, inputs }) =>
        type.endsWith(":RolePolicy") && String(inputs.role).startsWith("orders-unload-role"),
    );
    const rights = ofRole.flatMap(({ inputs }) => statements(inputs)) as {
      Action: string | string[];
      Resource: string;
    }[];
    const onObjects = rights.filter(({ Resource }) => Resource.includes("/*") && Resource.includes("bucket"));
    expect(onObjects.map(({ Resource }) => Resource)).to.eql([
      "arn:aws:aws:s3/bucket:Bucket:data-bucket/incoming/orders/*",
    ]);
    const actions = rights.flatMap(({ Action }) => Action);
    expect(actions).not.to.include("s3:GetObject");
    expect(actions.filter((action) => action.includes("*"))).to.eql([]);
  });

  it("lets the Lambda run statements in this warehouse only", async () => {
    const watching = [["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"], "*"];
    expect(allowed(await declared({ workgroupArn }))).to.eql([
      ["redshift-data:ExecuteStatement", workgroupArn],
      watching,
      ["redshift-serverless:GetCredentials", workgroupArn],
    ]);
    expect(allowed(await declared({ workgroupArn, secretArn }))[2]).to.eql([
      "secretsmanager:GetSecretValue",
      secretArn,
    ]);
    expect(allowed(await declared({ clusterIdentifier: "bi", database: "sales" }))).to.eql([
      ["redshift-data:ExecuteStatement", "arn:aws:redshift:us-east-1:123456789012:cluster:bi"],
      watching,
      ["redshift:GetClusterCredentialsWithIAM", "arn:aws:redshift:us-east-1:123456789012:dbname:bi/sales"],
    ]);
  });

  it("takes the role that a warehouse has already", async () => {
    const unloadRoleArn = "arn:aws:iam::123456789012:role/unloads";
    const resources = await declared({ workgroupArn, unloadRoleArn });
    expect(resources.filter(({ name }) => name === "orders-unload-role")).to.eql([]);
    const { environment } = only(resources, "Function", "orders-ingest-function") as {
      environment: { variables: { SETTINGS: string } };
    };
    expect(JSON.parse(environment.variables.SETTINGS)).to.include({ roleArn: unloadRoleArn, workgroupArn });
  });

  it("refuses settings that cannot be", async () => {
    const said = (settings: Partial<RedshiftSettings>) => failure(() => declared(settings));
    expect(await said({ query: "delete from trips" })).to.contain("write one SELECT");
    expect(await said({ query: "select 1; drop table trips" })).to.contain("write one SELECT");
    expect(await said({ query: `select '${"x".repeat(2000)}'` })).to.contain("more than 2000 characters");
    expect(await said({ watermark: "max(pickup)" })).to.contain("name a column of the query");
    expect(await said({ workgroupArn: "bi" })).to.contain('workgroupArn is "bi": give its whole ARN');
    expect(await said({ workgroupArn, clusterIdentifier: "bi" })).to.contain(
      "either a workgroup or a cluster",
    );
    expect(await said({ workgroupArn, baseCapacity: 8 })).to.contain("it is for a new workgroup only");
    expect(await said({ secretArn })).to.contain("a new warehouse gets its own");
    expect(await said({ baseCapacity: 12 })).to.contain("baseCapacity is 12: give 4, a multiple of 8");
    expect(await said({ overlapSeconds: -1 })).to.contain("give whole seconds from 0");
  });
});
