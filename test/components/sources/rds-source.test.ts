import { expect } from "chai";
import { DataBucket } from "../../../components/data/data-bucket";
import { ResultsTopic } from "../../../components/results/results-topic";
import { StateTable } from "../../../components/data/state-table";
import { type RdsSettings, RdsSource } from "../../../components/sources/rds-source";
import { context, declare, failure, only, statements } from "../mocks";

const minimal: RdsSettings = {
  ...{ kind: "rds", engine: "postgres", database: "shop", table: "orders", watermark: "changed" },
};

function source(settings: Partial<RdsSettings> = {}, deleteData = false): RdsSource {
  const logRetentionDays = 30;
  const data = new DataBucket("data", { context, deleteData });
  const results = new ResultsTopic("results", {
    context,
    state: new StateTable("state", { context, deleteData: true }),
    subscribers: [],
    digestSeconds: 60,
    logRetentionDays,
  });
  const args = { context, data, results, logRetentionDays, source: "orders", deleteData };
  return new RdsSource("orders", { ...args, settings: { ...minimal, ...settings } });
}

const secretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:reader";
const databaseArn = "arn:aws:rds:us-east-1:123456789012:db:shop";

describe("RdsSource", () => {
  describe("with a new instance", () => {
    it("encrypts it, keeps it private and lets RDS keep its password", async () => {
      const instance = only(await declare(() => void source()), "Instance");
      expect(instance).to.deep.include({
        ...{ engine: "postgres", dbName: "shop", storageEncrypted: true, publiclyAccessible: false },
        ...{ manageMasterUserPassword: true, deletionProtection: true, skipFinalSnapshot: false },
      });
      expect(instance).not.to.have.property("password");
    });

    it("lets it go with the stack only where data may be deleted", async () => {
      const instance = only(await declare(() => void source({}, true)), "Instance");
      expect(instance).to.deep.include({ deletionProtection: false, skipFinalSnapshot: true });
    });

    it("puts it into a VPC with endpoints in the place of a NAT gateway", async () => {
      const declared = await declare(() => void source());
      expect(only(declared, "Vpc")).to.deep.include({ natGateways: { strategy: "None" } });
      const endpoints = declared.filter(({ type }) => type.endsWith(":VpcEndpoint"));
      expect(endpoints.map(({ inputs }) => [inputs.serviceName, inputs.vpcEndpointType])).to.deep.equal([
        ["com.amazonaws.us-east-1.s3", "Gateway"],
        ["com.amazonaws.us-east-1.secretsmanager", "Interface"],
        ["com.amazonaws.us-east-1.sqs", "Interface"],
      ]);
    });

    it("opens the database's port to the function, and to nobody else", async () => {
      const declared = await declare(() => void source());
      const opened = declared.filter(
        ({ type, inputs }) =>
          type.endsWith(":SecurityGroupIngressRule") && inputs.securityGroupId === "orders-database-id",
      );
      expect(opened.map(({ inputs }) => inputs)).to.have.length(1);
      expect(opened[0]!.inputs).to.deep.include({
        ...{ referencedSecurityGroupId: "orders-reader-id", fromPort: 5432, toPort: 5432, ipProtocol: "tcp" },
      });
      expect(only(declared, "Function", "orders-ingest-function").vpcConfig).to.deep.equal({
        subnetIds: ["orders-network-subnet-1", "orders-network-subnet-2"],
        securityGroupIds: ["orders-reader-id"],
      });
    });
  });

  it("lets the function read its secret and be put into the VPC, and its code not change the network", async () => {
    const declared = await declare(() => void source());
    expect(statements(only(declared, "RolePolicy", "-secret"))).to.deep.equal([
      {
        ...{ Effect: "Allow", Action: "secretsmanager:GetSecretValue" },
        Resource: "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-database",
      },
    ]);
    const network = statements(only(declared, "RolePolicy", "-network-interfaces"));
    const anywhere = network.filter(({ Effect, Resource }) => Effect === "Allow" && Resource === "*");
    expect(anywhere.map(({ Action }) => Action)).to.deep.equal([
      ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"],
    ]);
    const denied = network.find(({ Effect }) => Effect === "Deny");
    expect(denied?.Condition).to.deep.equal({
      ArnEquals: {
        "lambda:SourceFunctionArn":
          "arn:aws:lambda:us-east-1:123456789012:function:slipway-dev-ingest-orders",
      },
    });
  });

  it("tells the function where to read, and no password", async () => {
    const { environment } = only(await declare(() => void source()), "Function", "orders-ingest-function");
    const { variables } = environment as { variables: { SETTINGS: string } };
    expect(JSON.parse(variables.SETTINGS)).to.deep.equal({
      ...{ engine: "postgres", host: "orders-database.rds.amazonaws.com", port: 5432, database: "shop" },
      secretArn: "arn:aws:secretsmanager:us-east-1:123456789012:secret:orders-database",
      ...{ table: "orders", watermark: "changed", rowsPerObject: 100_000, overlapSeconds: 60 },
      ...{ statementTimeoutSeconds: 300, timeZone: "UTC" },
    });
  });

  it("reads an instance that is there already, from within its VPC, and makes none", async () => {
    const declared = await declare(() => void source({ databaseArn, secretArn }));
    expect(declared.filter(({ type }) => /:Instance$|:Vpc$|:VpcEndpoint$/.test(type))).to.deep.equal([]);
    expect(only(declared, "Function", "orders-ingest-function").vpcConfig).to.deep.equal({
      ...{ subnetIds: ["subnet-1", "subnet-2"], securityGroupIds: ["orders-reader-id"] },
    });
    expect(only(declared, "SecurityGroupIngressRule", "-from-reader")).to.deep.include({
      ...{ securityGroupId: "sg-shop", referencedSecurityGroupId: "orders-reader-id", fromPort: 5433 },
    });
  });

  it("reads a server by its address, in no VPC unless it is given one", async () => {
    const given = { address: "db.example.com", secretArn, engine: "mysql" as const };
    const declared = await declare(() => void source(given));
    const { vpcConfig, environment } = only(declared, "Function", "orders-ingest-function");
    expect(vpcConfig).to.equal(undefined);
    const { variables } = environment as { variables: { SETTINGS: string } };
    expect(JSON.parse(variables.SETTINGS)).to.include({ host: "db.example.com", port: 3306 });
    expect(declared.filter(({ type }) => type.includes("ec2"))).to.deep.equal([]);
  });

  const bad: [string, Record<string, unknown>][] = [
    ["engine", { engine: "oracle" }],
    ["database", { database: "" }],
    ["table", { query: "SELECT 1" }],
    ["table", { table: undefined }],
    ["query", { table: undefined, query: "DELETE FROM orders" }],
    ["watermark", { watermark: "" }],
    ["databaseArn", { databaseArn: "shop" }],
    ["address", { databaseArn, address: "db.example.com", secretArn }],
    ["secretArn", { address: "db.example.com" }],
    ["secretArn", { secretArn: "hunter2" }],
    ["subnetIds", { address: "db.example.com", secretArn, subnetIds: ["subnet-1"] }],
    ["instanceClass", { databaseArn, instanceClass: "db.m7g.large" }],
    ["timeZone", { timeZone: "+02:00" }],
    ["rowsPerObject", { rowsPerObject: 0 }],
    ["overlapSeconds", { overlapSeconds: 1.5 }],
    ["statementTimeoutSeconds", { statementTimeoutSeconds: 900 }],
  ];
  for (const [property, settings] of bad) {
    it(`refuses ${JSON.stringify(settings)} and names ${property}`, async () => {
      expect(await failure(() => declare(() => void source(settings)))).to.match(
        new RegExp(`^${property} is `),
      );
    });
  }
});
