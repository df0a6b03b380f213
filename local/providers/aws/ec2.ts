import {
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DeleteRouteTableCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeInternetGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  EC2Client,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  type Tenancy,
} from "@aws-sdk/client-ec2";
import { type ec2 } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { specification, ec2Arn, tagsOf, updateTags } from "./ec2-tags";
import { types as securityTypes } from "./ec2-security";

async function putDns(VpcId: string, inputs: Inputs<ec2.VpcArgs>, call: Call): Promise<void> {
  const client = call.client(EC2Client);
  const EnableDnsSupport = { Value: inputs.enableDnsSupport ?? true };
  const EnableDnsHostnames = { Value: inputs.enableDnsHostnames ?? false };
  await client.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsSupport })); // one attribute a call
  await client.send(new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames }));
}

const vpc = resource<ec2.VpcArgs>({
  inputs: {
    cidrBlock: { required: true, replaces: true },
    instanceTenancy: { default: "default" },
    enableDnsSupport: { default: true },
    enableDnsHostnames: { default: false },
    tags: {},
  },
  outputs: ["defaultSecurityGroupId", "mainRouteTableId"],
  async create(inputs, call) {
    const { Vpc } = await call.client(EC2Client).send(
      new CreateVpcCommand({
        CidrBlock: inputs.cidrBlock,
        InstanceTenancy: inputs.instanceTenancy as Tenancy,
        TagSpecifications: specification("vpc", inputs.tagsAll),
      }),
    );
    const id = Vpc!.VpcId!;
    call.created(id);
    await putDns(id, inputs, call);
    return id;
  },
  async read({ id }, call) {
    const client = call.client(EC2Client);
    const { Vpcs } = await client.send(new DescribeVpcsCommand({ VpcIds: [id] }));
    const found = Vpcs?.[0];
    if (!found) return undefined;
    const ask = (Attribute: "enableDnsSupport" | "enableDnsHostnames") =>
      client.send(new DescribeVpcAttributeCommand({ VpcId: id, Attribute }));
    const [support, hostnames] = [await ask("enableDnsSupport"), await ask("enableDnsHostnames")];
    return {
      ...{ arn: await ec2Arn(call, "vpc", id), cidrBlock: found.CidrBlock },
      instanceTenancy: found.InstanceTenancy,
      enableDnsSupport: support.EnableDnsSupport?.Value,
      enableDnsHostnames: hostnames.EnableDnsHostnames?.Value,
      ...tagsOf(found),
    };
  },
  async update(now, call, was) {
    if (call.changed("enableDnsSupport", "enableDnsHostnames")) await putDns(now.id, now, call);
    await updateTags(now, call, was);
  },
  async delete({ id }, call) {
    await call.client(EC2Client).send(new DeleteVpcCommand({ VpcId: id }));
  },
});

async function putPublicIp(SubnetId: string, inputs: Inputs<ec2.SubnetArgs>, call: Call): Promise<void> {
  const MapPublicIpOnLaunch = { Value: inputs.mapPublicIpOnLaunch ?? false };
  await call.client(EC2Client).send(new ModifySubnetAttributeCommand({ SubnetId, MapPublicIpOnLaunch }));
}

const subnet = resource<ec2.SubnetArgs>({
  inputs: {
    vpcId: { required: true, replaces: true },
    cidrBlock: { required: true, replaces: true },
    availabilityZone: { replaces: true, computed: true },
    mapPublicIpOnLaunch: { default: false },
    tags: {},
  },
  async create(inputs, call) {
    const { Subnet } = await call.client(EC2Client).send(
      new CreateSubnetCommand({
        ...{ VpcId: inputs.vpcId, CidrBlock: inputs.cidrBlock, AvailabilityZone: inputs.availabilityZone },
        TagSpecifications: specification("subnet", inputs.tagsAll),
      }),
    );
    const id = Subnet!.SubnetId!;
    call.created(id);
    await putPublicIp(id, inputs, call);
    return id;
  },
  async read({ id }, call) {
    const { Subnets } = await call.client(EC2Client).send(new DescribeSubnetsCommand({ SubnetIds: [id] }));
    const found = Subnets?.[0];
    return (
      found && {
        ...{ arn: found.SubnetArn, vpcId: found.VpcId, cidrBlock: found.CidrBlock },
        ...{ availabilityZone: found.AvailabilityZone, mapPublicIpOnLaunch: found.MapPublicIpOnLaunch },
        ...tagsOf(found),
      }
    );
  },
  async update(now, call, was) {
    if (call.changed("mapPublicIpOnLaunch")) await putPublicIp(now.id, now, call);
    await updateTags(now, call, was);
  },
  async delete({ id }, call) {
    await call.client(EC2Client).send(new DeleteSubnetCommand({ SubnetId: id }));
  },
});

const internetGateway = resource<ec2.InternetGatewayArgs>({
  inputs: { vpcId: { replaces: true }, tags: {} },
  async create(inputs, call) {
    const client = call.client(EC2Client);
    const TagSpecifications = specification("internet-gateway", inputs.tagsAll);
    const { InternetGateway } = await client.send(new CreateInternetGatewayCommand({ TagSpecifications }));
    const InternetGatewayId = InternetGateway!.InternetGatewayId!;
    call.created(InternetGatewayId);
    if (inputs.vpcId)
      await client.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: inputs.vpcId }));
    return InternetGatewayId;
  },
  async read({ id }, call) {
    const { InternetGateways } = await call
      .client(EC2Client)
      .send(new DescribeInternetGatewaysCommand({ InternetGatewayIds: [id] }));
    const found = InternetGateways?.[0];
    return (
      found && {
        ...{ arn: await ec2Arn(call, "internet-gateway", id), vpcId: found.Attachments?.[0]?.VpcId },
        ...tagsOf(found),
      }
    );
  },
  update: updateTags,
  async delete({ id, vpcId }, call) {
    const client = call.client(EC2Client);
    if (vpcId) await client.send(new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpcId }));
    await client.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id }));
  },
});

async function findRouteTable(id: string, call: Call) {
  const command = new DescribeRouteTablesCommand({ RouteTableIds: [id] });
  return (await call.client(EC2Client).send(command)).RouteTables?.find(
    ({ RouteTableId }) => RouteTableId === id,
  );
}

const routeTable = resource<ec2.RouteTableArgs>({
  inputs: { vpcId: { required: true, replaces: true }, tags: {} },
  async create(inputs, call) {
    const TagSpecifications = specification("route-table", inputs.tagsAll);
    const command = new CreateRouteTableCommand({ VpcId: inputs.vpcId, TagSpecifications });
    return (await call.client(EC2Client).send(command)).RouteTable!.RouteTableId!;
  },
  async read({ id }, call) {
    const found = await findRouteTable(id, call);
    return found && { arn: await ec2Arn(call, "route-table", id), vpcId: found.VpcId, ...tagsOf(found) };
  },
  update: updateTags,
  async delete({ id }, call) {
    await call.client(EC2Client).send(new DeleteRouteTableCommand({ RouteTableId: id }));
  },
});

const routeTableAssociation = resource<ec2.RouteTableAssociationArgs>({
  inputs: {
    routeTableId: { required: true, replaces: true },
    subnetId: { replaces: true },
    gatewayId: { replaces: true },
  },
  async create({ routeTableId, subnetId, gatewayId }, call) {
    const ids = { RouteTableId: routeTableId, SubnetId: subnetId, GatewayId: gatewayId };
    return (await call.client(EC2Client).send(new AssociateRouteTableCommand(ids))).AssociationId!;
  },
  fromImportId: (id) => ({ subnetId: id.split("/")[0], routeTableId: id.split("/")[1] }),
  async read({ id, routeTableId }, call) {
    const table = await findRouteTable(routeTableId, call);
    const found = table?.Associations?.find(
      (each) => each.RouteTableAssociationId === id || `${each.SubnetId}/${routeTableId}` === id,
    );
    const { RouteTableAssociationId, SubnetId, GatewayId } = found ?? {};
    return found && { id: RouteTableAssociationId, routeTableId, subnetId: SubnetId, gatewayId: GatewayId };
  },
  async delete({ id }, call) {
    await call.client(EC2Client).send(new DisassociateRouteTableCommand({ AssociationId: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:ec2/vpc:Vpc": vpc,
  "aws:ec2/subnet:Subnet": subnet,
  "aws:ec2/internetGateway:InternetGateway": internetGateway,
  "aws:ec2/routeTable:RouteTable": routeTable,
  "aws:ec2/routeTableAssociation:RouteTableAssociation": routeTableAssociation,
  ...securityTypes,
};
