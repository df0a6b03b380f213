import {
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { DescribeDBInstancesCommand, DescribeDBSubnetGroupsCommand, RDSClient } from "@aws-sdk/client-rds";
import {
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import * as aws from "@pulumi/aws";
import * as awsx from "@pulumi/awsx";
import { type Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failure } from "../laptop";
import { requirePostgres } from "../postgres";
import { startCloud, type TestCloud } from "./cloud";
import { testStack } from "./stack";

const first = {
  owner: "first",
  port: 5432,
  password: "hunter1",
  tables: 1,
  instanceClass: "db.t4g.micro",
  protected: true,
  nat: "None" as "None" | "Single",
};

const program = (variant: typeof first) => () => {
  const tags = { owner: variant.owner };
  const vpc = new awsx.ec2.Vpc("net", {
    cidrBlock: "10.9.0.0/24",
    numberOfAvailabilityZones: 2,
    natGateways: { strategy: variant.nat },
    subnetStrategy: "Auto",
    subnetSpecs: [{ type: "Isolated", cidrBlocks: ["10.9.0.0/25", "10.9.0.128/25"] }],
    tags,
  });
  const routeTableIds = vpc.routeTables.apply((tables) =>
    tables.slice(0, variant.tables).map(({ id }) => id),
  );
  const serviceName = "com.amazonaws.us-east-1.s3";
  new aws.ec2.VpcEndpoint("s3", { vpcId: vpc.vpcId, serviceName, routeTableIds, tags });
  const group = new aws.ec2.SecurityGroup("group", { vpcId: vpc.vpcId, description: "database", tags });
  new aws.vpc.SecurityGroupIngressRule("in", {
    ...{ securityGroupId: group.id, referencedSecurityGroupId: group.id, ipProtocol: "tcp" },
    ...{ fromPort: variant.port, toPort: variant.port },
  });
  const subnets = new aws.rds.SubnetGroup("subnets", { subnetIds: vpc.isolatedSubnetIds, tags });
  new aws.rds.Instance("database", {
    ...{ engine: "postgres", instanceClass: variant.instanceClass, allocatedStorage: 20, dbName: "shop" },
    ...{ username: "keeper", manageMasterUserPassword: true, dbSubnetGroupName: subnets.name },
    ...{
      vpcSecurityGroupIds: [group.id],
      skipFinalSnapshot: true,
      deletionProtection: variant.protected,
      tags,
    },
  });
  const secret = new aws.secretsmanager.Secret("reader", { recoveryWindowInDays: 0, tags });
  const secretString = JSON.stringify({ username: "reader", password: variant.password });
  new aws.secretsmanager.SecretVersion("reader", { secretId: secret.id, secretString });
  return Promise.resolve({ vpcId: vpc.vpcId, secretArn: secret.arn });
};

describe("networks and databases on the stock engine", function () {
  this.timeout(120_000);
  const home = mkdtempSync(join(tmpdir(), "slipway-network-"));
  let cloud: TestCloud;
  let stack: Stack;
  let variant = first;
  let ec2: EC2Client;
  let rds: RDSClient;
  let secrets: SecretsManagerClient;

  before(async function () {
    requirePostgres(this);
    cloud = await startCloud(home);
    const made = await testStack("network", () => program(variant)(), cloud, home, "home");
    if (!made) return this.skip(); // this machine has no Pulumi CLI
    stack = made;
    const config = { region: "us-east-1", endpoint: cloud.url };
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    ec2 = new EC2Client({ ...config, credentials });
    rds = new RDSClient({ ...config, credentials });
    secrets = new SecretsManagerClient({ ...config, credentials });
    await stack.up();
  });
  after(async () => {
    await cloud?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  /** Brings the stack to a variant; answers how many resources were created, updated, replaced and so on. */
  async function up(change: Partial<typeof first>): Promise<Record<string, number | undefined>> {
    variant = { ...variant, ...change };
    return (await stack.up()).summary.resourceChanges as Record<string, number | undefined>;
  }
  const vpcId = async () => (await stack.outputs()).vpcId!.value as string;
  const groupOf = async () =>
    (await ec2.send(new DescribeSecurityGroupsCommand({}))).SecurityGroups!.find(
      ({ Description }) => Description === "database",
    )!;

  it("makes what awsx makes: subnets in two zones, each with a route table of its own", async () => {
    const { RouteTables = [] } = await ec2.send(new DescribeRouteTablesCommand({}));
    const id = await vpcId();
    const own = RouteTables.filter(({ VpcId, Tags }) => VpcId === id && Tags?.length);
    expect(own.map(({ Tags }) => Tags?.find(({ Key }) => Key === "Name")?.Value).sort()).to.deep.equal([
      "net-isolated-1",
      "net-isolated-2",
    ]);
    expect(own.map(({ Associations }) => Associations?.length)).to.deep.equal([1, 1]);
  });

  it("takes away the rule that EC2 gives a new security group", async () => {
    expect((await groupOf()).IpPermissionsEgress).to.deep.equal([]);
  });

  it("changes in place what can be, and makes a rule and a secret's version anew", async () => {
    const change = {
      owner: "second",
      port: 5433,
      password: "hunter2",
      tables: 2,
      instanceClass: "db.t4g.small",
      protected: false,
    };
    const changes = await up(change);
    expect(changes).to.include({ replace: 2 }).and.not.have.any.keys("create", "delete");
    const { VpcEndpoints } = await ec2.send(new DescribeVpcEndpointsCommand({}));
    expect(VpcEndpoints?.[0]?.RouteTableIds).to.have.length(2);
    const { GroupId } = await groupOf();
    const Filters = [{ Name: "group-id", Values: [GroupId!] }];
    const { SecurityGroupRules } = await ec2.send(new DescribeSecurityGroupRulesCommand({ Filters }));
    expect(SecurityGroupRules?.map(({ FromPort }) => FromPort)).to.deep.equal([5433]);
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({}));
    expect(DBInstances?.[0]).to.include({ DBInstanceClass: "db.t4g.small", DeletionProtection: false });
    expect(DBInstances?.[0]?.TagList).to.deep.include({ Key: "owner", Value: "second" });
    const SecretId = (await stack.outputs()).secretArn!.value as string;
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    expect(JSON.parse(SecretString!)).to.deep.equal({ username: "reader", password: "hunter2" });
    const state = readFileSync(join(home, "pulumi/.pulumi/stacks/plugins/network.json"), "utf8");
    expect(state).to.include(SecretId).and.not.include("hunter2");
    await stack.refresh({ expectNoChanges: true });
    await stack.up({ expectNoChanges: true });
  });

  it("says of a VPC with NAT gateways that it makes none", async () => {
    const { message } = await failure(up({ nat: "Single" }));
    expect(message).to.include(
      "The laptop target does not support NAT gateways (natGateways.strategy Single)",
    );
    variant = { ...variant, nat: "None" };
  });

  it("leaves nothing when it is destroyed", async () => {
    const id = await vpcId();
    await stack.destroy();
    const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
    expect(Vpcs.map(({ VpcId }) => VpcId)).not.to.include(id);
    expect((await ec2.send(new DescribeVpcEndpointsCommand({}))).VpcEndpoints ?? []).to.deep.equal([]);
    expect((await rds.send(new DescribeDBInstancesCommand({}))).DBInstances ?? []).to.deep.equal([]);
    expect((await secrets.send(new ListSecretsCommand({}))).SecretList ?? []).to.deep.equal([]);
    expect((await rds.send(new DescribeDBSubnetGroupsCommand({}))).DBSubnetGroups ?? []).to.deep.equal([]);
  });
});
