import * as aws from "@pulumi/aws";
import * as ec2 from "@pulumi/awsx/ec2";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";

const cidrBlock = "10.64.0.0/24";
/** One for each of two zones: a database wants two. */
const cidrBlocks = ["10.64.0.0/25", "10.64.0.128/25"];
/** What the Lambda calls besides S3. Its logs leave by a way of Lambda's own. */
const services = ["secretsmanager", "sqs"];
const https = 443;

/**
 * A VPC without a way to the internet, for a database and the Lambda that reads it: instead of a NAT gateway it has
 * endpoints, to S3 (free) and to the services that the Lambda calls (in one zone, as a run may wait).
 */
export class SourceNetwork extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  readonly subnetIds: pulumi.Output<string[]>;
  /** Once these are there, the Lambda can work. */
  readonly endpoints: aws.ec2.VpcEndpoint[];

  constructor(
    private readonly name: string,
    private readonly context: Context,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:data:SourceNetwork", name, {}, opts);
    const vpc = new ec2.Vpc(
      name,
      {
        cidrBlock,
        numberOfAvailabilityZones: cidrBlocks.length,
        enableDnsHostnames: true, // the endpoints' private names need both
        enableDnsSupport: true,
        natGateways: { strategy: "None" },
        subnetStrategy: "Auto",
        subnetSpecs: [{ type: "Isolated", cidrBlocks }],
        tags: context.tags,
      },
      { parent: this },
    );
    this.vpcId = vpc.vpcId;
    this.subnetIds = vpc.isolatedSubnetIds;
    const routeTableIds = vpc.routeTables.apply((tables) => pulumi.all(tables.map(({ id }) => id)));
    this.endpoints = [this.gateway("s3", routeTableIds), ...this.interfaces()];
    this.registerOutputs({ vpcId: this.vpcId });
  }

  private gateway(service: string, routeTableIds: pulumi.Output<string[]>): aws.ec2.VpcEndpoint {
    return this.endpoint(service, { vpcEndpointType: "Gateway", routeTableIds });
  }

  private interfaces(): aws.ec2.VpcEndpoint[] {
    const { name, context, vpcId } = this;
    const group = new aws.ec2.SecurityGroup(
      `${name}-endpoints`,
      { vpcId, description: "Endpoints of AWS services", tags: context.tags },
      { parent: this },
    );
    new aws.vpc.SecurityGroupIngressRule(
      `${name}-to-endpoints`,
      {
        securityGroupId: group.id,
        ...{ cidrIpv4: cidrBlock, ipProtocol: "tcp", fromPort: https, toPort: https, tags: context.tags },
      },
      { parent: this },
    );
    const subnetIds = this.subnetIds.apply((ids) => ids.slice(0, 1));
    return services.map((service) =>
      this.endpoint(service, {
        ...{ vpcEndpointType: "Interface", privateDnsEnabled: true, subnetIds },
        securityGroupIds: [group.id],
      }),
    );
  }

  private endpoint(
    service: string,
    args: Omit<aws.ec2.VpcEndpointArgs, "vpcId" | "serviceName">,
  ): aws.ec2.VpcEndpoint {
    const { name, context, vpcId } = this;
    const serviceName = `com.amazonaws.${context.region}.${service}`;
    return new aws.ec2.VpcEndpoint(
      `${name}-${service}`,
      { vpcId, serviceName, tags: context.tags, ...args },
      { parent: this },
    );
  }
}

/**
 * A security group for the Lambda that reads a database: it reaches the database's port, and AWS over HTTPS, as far as
 * the VPC has a way there. The database's own group is opened to it, and to nobody else.
 */
export function readerGroup(
  name: string,
  {
    context,
    vpcId,
    databaseGroupId,
    port,
  }: {
    context: Context;
    vpcId: pulumi.Input<string>;
    databaseGroupId: pulumi.Input<string>;
    port: pulumi.Input<number>;
  },
  parent: pulumi.Resource,
): aws.ec2.SecurityGroup {
  const { tags } = context;
  const group = new aws.ec2.SecurityGroup(
    `${name}-reader`,
    { vpcId, description: "The function that reads the database", tags },
    { parent },
  );
  const toDatabase = { ipProtocol: "tcp", fromPort: port, toPort: port, tags };
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-to-database`,
    { securityGroupId: group.id, referencedSecurityGroupId: databaseGroupId, ...toDatabase },
    { parent },
  );
  new aws.vpc.SecurityGroupEgressRule(
    `${name}-to-aws`,
    {
      securityGroupId: group.id,
      ...{ cidrIpv4: "0.0.0.0/0", ipProtocol: "tcp", fromPort: https, toPort: https, tags },
    },
    { parent },
  );
  new aws.vpc.SecurityGroupIngressRule(
    `${name}-from-reader`,
    { securityGroupId: databaseGroupId, referencedSecurityGroupId: group.id, ...toDatabase },
    { parent },
  );
  return group;
}
