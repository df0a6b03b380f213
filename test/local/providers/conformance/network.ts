import * as aws from "@pulumi/aws";
import { type Values } from "./world";

/** A network, a database in it, and a warehouse. */
export function network(values: Values) {
  const { change, replace } = values;
  const tags = { owner: change("first", "second") };
  const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: replace("10.1.0.0/16", "10.2.0.0/16"), tags });
  const vpcId = vpc.id;
  const subnetIds = ["a", "b"].map((zone, index) => {
    const cidrBlock = replace(`10.1.${index}.0/24`, `10.2.${index}.0/24`);
    return new aws.ec2.Subnet(`subnet-${zone}`, {
      ...{ vpcId, cidrBlock, availabilityZone: `us-east-1${zone}`, tags },
    }).id;
  });
  new aws.ec2.InternetGateway("gateway", { vpcId, tags });
  const table = new aws.ec2.RouteTable("table", { vpcId, tags });
  new aws.ec2.RouteTableAssociation("table", { routeTableId: table.id, subnetId: subnetIds[0]! });
  new aws.ec2.VpcEndpoint("endpoint", {
    ...{ vpcId, serviceName: "com.amazonaws.us-east-1.s3", routeTableIds: [table.id], tags },
  });
  const group = new aws.ec2.SecurityGroup("group", { vpcId, name: "group", description: "all", tags });
  const rule = {
    description: "web",
    securityGroupId: group.id,
    ipProtocol: "tcp",
    fromPort: 80,
    toPort: 80,
  };
  new aws.vpc.SecurityGroupIngressRule("in", { ...rule, referencedSecurityGroupId: group.id, tags });
  new aws.vpc.SecurityGroupEgressRule("out", { ...rule, cidrIpv4: "10.0.0.0/8", tags });
  database(values, subnetIds, group);
  warehouse(values);
}

function database(
  { change, replace }: Values,
  subnetIds: aws.ec2.Subnet["id"][],
  group: aws.ec2.SecurityGroup,
) {
  const subnets = new aws.rds.SubnetGroup("subnets", {
    ...{ name: replace("subnets-one", "subnets-two"), subnetIds, description: change("first", "second") },
  });
  new aws.rds.Instance("database", {
    ...{ identifier: replace("database-one", "database-two"), engine: "postgres", allocatedStorage: 20 },
    ...{ instanceClass: change("db.t4g.micro", "db.t4g.small"), dbName: "shop", username: "keeper" },
    ...{ manageMasterUserPassword: true, dbSubnetGroupName: subnets.name, skipFinalSnapshot: true },
    vpcSecurityGroupIds: [group.id],
  });
}

function warehouse({ change, replace }: Values) {
  const namespace = new aws.redshiftserverless.Namespace("namespace", {
    ...{ namespaceName: replace("namespace-one", "namespace-two"), dbName: "trips" },
    ...{ manageAdminPassword: true, tags: { owner: change("first", "second") } },
  });
  const workgroup = new aws.redshiftserverless.Workgroup("workgroup", {
    ...{ workgroupName: replace("workgroup-one", "workgroup-two") },
    ...{ namespaceName: namespace.namespaceName, baseCapacity: change(8, 16) },
  });
  new aws.redshiftserverless.UsageLimit("limit", {
    ...{ resourceArn: workgroup.arn, usageType: "serverless-compute", period: "daily" },
    amount: change(8, 9),
  });
}
