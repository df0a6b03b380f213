import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  type AuthorizeSecurityGroupIngressCommandInput,
  type AuthorizeSecurityGroupIngressCommandOutput,
  CreateSecurityGroupCommand,
  CreateVpcEndpointCommand,
  DeleteSecurityGroupCommand,
  DeleteVpcEndpointsCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcEndpointsCommand,
  EC2Client,
  ModifyVpcEndpointCommand,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type VpcEndpointType,
} from "@aws-sdk/client-ec2";
import { type ec2, type vpc } from "@pulumi/aws";
import { type AnyResourceType, type Call, resource } from "../shared/resource";
import { ec2Arn, specification, tagsOf, updateTags } from "./ec2-tags";

/** Its rules are resources of their own; like the real provider this takes away the one that EC2 gives a new group. */
const securityGroup = resource<ec2.SecurityGroupArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 255 } },
    description: { replaces: true, default: "Managed by Pulumi" },
    vpcId: { replaces: true, computed: true },
    revokeRulesOnDelete: { default: false },
    tags: {},
  },
  outputs: ["ownerId"],
  async create(inputs, call) {
    const client = call.client(EC2Client);
    const { GroupId } = await client.send(
      new CreateSecurityGroupCommand({
        ...{ GroupName: inputs.name, Description: inputs.description, VpcId: inputs.vpcId },
        TagSpecifications: specification("security-group", inputs.tagsAll),
      }),
    );
    call.created(GroupId!);
    const everything = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
    await client.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: everything }));
    return GroupId!;
  },
  async read({ id }, call) {
    const { SecurityGroups } = await call
      .client(EC2Client)
      .send(new DescribeSecurityGroupsCommand({ GroupIds: [id] }));
    const found = SecurityGroups?.[0];
    return (
      found && {
        ...{ arn: await ec2Arn(call, "security-group", id), ownerId: found.OwnerId, vpcId: found.VpcId },
        ...{ name: found.GroupName, description: found.Description },
        ...tagsOf(found),
      }
    );
  },
  update: updateTags,
  async delete({ id }, call) {
    await call.client(EC2Client).send(new DeleteSecurityGroupCommand({ GroupId: id }));
  },
});

type RuleArgs = vpc.SecurityGroupIngressRuleArgs;

function permissionOf({ ipProtocol, ...rule }: Record<string, unknown>) {
  const { fromPort, toPort, cidrIpv4, referencedSecurityGroupId, prefixListId, description } = rule as {
    [name: string]: string | undefined;
  };
  const Description = description;
  return {
    ...{ IpProtocol: String(ipProtocol), FromPort: numberOf(fromPort), ToPort: numberOf(toPort) },
    IpRanges: cidrIpv4 === undefined ? undefined : [{ CidrIp: cidrIpv4, Description }],
    PrefixListIds: prefixListId === undefined ? undefined : [{ PrefixListId: prefixListId, Description }],
    UserIdGroupPairs:
      referencedSecurityGroupId === undefined
        ? undefined
        : [{ GroupId: referencedSecurityGroupId, Description }],
  };
}

const numberOf = (value: string | undefined) => (value === undefined ? undefined : Number(value));

/** The calls that one direction's rules are made and removed with. */
interface Direction {
  authorize: (client: EC2Client, input: AuthorizeSecurityGroupIngressCommandInput) => Promise<Authorized>;
  revoke: (client: EC2Client, input: { GroupId: string; SecurityGroupRuleIds: string[] }) => Promise<unknown>;
}
type Authorized = AuthorizeSecurityGroupIngressCommandOutput;

const ingress: Direction = {
  authorize: (client, input) => client.send(new AuthorizeSecurityGroupIngressCommand(input)),
  revoke: (client, input) => client.send(new RevokeSecurityGroupIngressCommand(input)),
};
const egress: Direction = {
  authorize: (client, input) =>
    client.send(new AuthorizeSecurityGroupEgressCommand({ ...input, GroupId: input.GroupId! })),
  revoke: (client, input) => client.send(new RevokeSecurityGroupEgressCommand(input)),
};

/** A rule; what it allows is not changed, but made anew. */
function rule({ authorize, revoke }: Direction): AnyResourceType {
  return resource<RuleArgs>({
    inputs: {
      securityGroupId: { required: true, replaces: true },
      ipProtocol: { required: true, replaces: true },
      fromPort: { replaces: true },
      toPort: { replaces: true },
      cidrIpv4: { replaces: true },
      prefixListId: { replaces: true },
      referencedSecurityGroupId: { replaces: true },
      description: { replaces: true },
      tags: {},
    },
    outputs: ["securityGroupRuleId"],
    async create(inputs, call) {
      const { SecurityGroupRules } = await authorize(call.client(EC2Client), {
        GroupId: inputs.securityGroupId,
        IpPermissions: [permissionOf(inputs)],
        TagSpecifications: specification("security-group-rule", inputs.tagsAll),
      });
      return SecurityGroupRules![0]!.SecurityGroupRuleId!;
    },
    async read({ id }, call) {
      const { SecurityGroupRules } = await call
        .client(EC2Client)
        .send(new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] }));
      const found = SecurityGroupRules?.[0];
      return (
        found && {
          ...{ arn: await ec2Arn(call, "security-group-rule", id), securityGroupRuleId: id },
          ...{ securityGroupId: found.GroupId, ipProtocol: found.IpProtocol },
          ...{ fromPort: found.FromPort, toPort: found.ToPort },
          ...{ cidrIpv4: found.CidrIpv4, prefixListId: found.PrefixListId, description: found.Description },
          referencedSecurityGroupId: found.ReferencedGroupInfo?.GroupId,
          ...tagsOf(found),
        }
      );
    },
    update: updateTags,
    async delete({ id, securityGroupId }, call) {
      const ids = { GroupId: securityGroupId, SecurityGroupRuleIds: [id] };
      await revoke(call.client(EC2Client), ids);
    },
  });
}

async function findEndpoint(id: string, call: Call) {
  const command = new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] });
  return (await call.client(EC2Client).send(command)).VpcEndpoints?.find((each) => each.VpcEndpointId === id);
}

/** What has to be added and removed to get from one list to another. */
const listChanges = (was: string[] = [], now: string[] = []) => ({
  add: now.filter((id) => !was.includes(id)),
  remove: was.filter((id) => !now.includes(id)),
});

const vpcEndpoint = resource<ec2.VpcEndpointArgs>({
  inputs: {
    vpcId: { required: true, replaces: true },
    serviceName: { required: true, replaces: true },
    vpcEndpointType: { replaces: true, default: "Gateway" },
    privateDnsEnabled: { computed: true },
    routeTableIds: { set: true, computed: true },
    subnetIds: { set: true, computed: true },
    securityGroupIds: { set: true, computed: true },
    policy: { json: "policy", computed: true },
    tags: {},
  },
  outputs: ["state"],
  async create(inputs, call) {
    const { VpcEndpoint } = await call.client(EC2Client).send(
      new CreateVpcEndpointCommand({
        ...{ VpcId: inputs.vpcId, ServiceName: inputs.serviceName, PolicyDocument: inputs.policy },
        VpcEndpointType: inputs.vpcEndpointType as VpcEndpointType,
        ...{ PrivateDnsEnabled: inputs.privateDnsEnabled, RouteTableIds: inputs.routeTableIds },
        ...{ SubnetIds: inputs.subnetIds, SecurityGroupIds: inputs.securityGroupIds },
        TagSpecifications: specification("vpc-endpoint", inputs.tagsAll),
      }),
    );
    return VpcEndpoint!.VpcEndpointId!;
  },
  async read({ id }, call) {
    const found = await findEndpoint(id, call);
    return (
      found && {
        ...{ arn: await ec2Arn(call, "vpc-endpoint", id), state: found.State, vpcId: found.VpcId },
        ...{ serviceName: found.ServiceName, vpcEndpointType: found.VpcEndpointType },
        ...{ routeTableIds: found.RouteTableIds, subnetIds: found.SubnetIds },
        ...tagsOf(found),
      }
    );
  },
  async update(now, call, was) {
    if (call.changed("routeTableIds", "subnetIds", "securityGroupIds", "policy", "privateDnsEnabled")) {
      const tables = listChanges(was.routeTableIds, now.routeTableIds);
      const subnets = listChanges(was.subnetIds, now.subnetIds);
      const groups = listChanges(was.securityGroupIds, now.securityGroupIds);
      await call.client(EC2Client).send(
        new ModifyVpcEndpointCommand({
          ...{ VpcEndpointId: now.id, PolicyDocument: now.policy, PrivateDnsEnabled: now.privateDnsEnabled },
          ...{ AddRouteTableIds: tables.add, RemoveRouteTableIds: tables.remove },
          ...{ AddSubnetIds: subnets.add, RemoveSubnetIds: subnets.remove },
          ...{ AddSecurityGroupIds: groups.add, RemoveSecurityGroupIds: groups.remove },
        }),
      );
    }
    await updateTags(now, call, was);
  },
  async delete({ id }, call) {
    await call.client(EC2Client).send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:ec2/securityGroup:SecurityGroup": securityGroup,
  "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoint,
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": rule(ingress),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": rule(egress),
};
