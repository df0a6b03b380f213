import { version } from "@pulumi/aws/package.json";
import { type ec2 } from "@pulumi/awsx";
import { type Inputs, type Output, output, type Unwrap } from "@pulumi/pulumi/output";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource";
import { invoke } from "@pulumi/pulumi/runtime/invoke";
import { Child } from "./child";

type Made = Unwrap<Awaited<ReturnType<Vpc["make"]>>>;

interface SubnetSpec {
  name?: string;
  type: string;
  cidrBlocks?: string[];
  tags?: Record<string, string>;
}

const supported = [
  ...["availabilityZoneNames", "cidrBlock", "enableDnsHostnames", "enableDnsSupport", "instanceTenancy"],
  ...["natGateways", "numberOfAvailabilityZones", "subnetSpecs", "subnetStrategy", "tags"],
];

/**
 * `awsx.ec2.Vpc` with subnets whose addresses the program gives and without NAT gateways: with the children and the names
 * of the real component (pulumi/pulumi-awsx: awsx/ec2/vpc.ts), which makes an internet gateway in any case.
 */
export class Vpc extends ComponentResource {
  static readonly type = "awsx:ec2:Vpc";
  /** What the component answers, by name. */
  readonly made: Output<Made>;

  constructor(name: string, args: Inputs, options: ComponentResourceOptions) {
    super(Vpc.type, name, {}, options);
    this.made = output(this.make(name, args));
    this.registerOutputs(this.made);
  }

  async make(name: string, args: Inputs) {
    const specs = checked(args);
    const zones = await this.zones(args);
    const tags = { Name: name, ...(args.tags as object | undefined) };
    const given = args as Record<string, unknown>;
    const { cidrBlock = "10.0.0.0/16", enableDnsHostnames, enableDnsSupport, instanceTenancy } = given;
    const settings = { cidrBlock, enableDnsHostnames, enableDnsSupport, instanceTenancy, tags };
    const vpc = new Child("aws:ec2/vpc:Vpc", name, settings, { parent: this, version }, []);
    const within = { parent: vpc, version };
    const gateway = { vpcId: vpc.id, tags };
    const internetGateway = new Child("aws:ec2/internetGateway:InternetGateway", name, gateway, within, []);
    const networks = zones.flatMap((zone, index) =>
      specs.map((spec) => this.network(name, { spec, zone, index, vpc, tags })),
    );
    const idsOf = (type: string) =>
      networks.filter(({ spec }) => spec.type.toLowerCase() === type).map(({ subnet }) => subnet.id);
    return {
      ...{ vpc, vpcId: vpc.id, internetGateway, natGateways: [], eips: [], vpcEndpoints: [] },
      ...{ subnets: networks.map(({ subnet }) => subnet), routeTables: networks.map(({ table }) => table) },
      routeTableAssociations: networks.map(({ association }) => association),
      routes: networks.flatMap(({ spec, name: subnetName, table }) =>
        spec.type.toLowerCase() === "public" ? [publicRoute(subnetName, table, internetGateway)] : [],
      ),
      ...{ publicSubnetIds: idsOf("public"), privateSubnetIds: idsOf("private") },
      ...{ isolatedSubnetIds: idsOf("isolated"), subnetLayout: specs },
    };
  }

  private async zones({ availabilityZoneNames, numberOfAvailabilityZones = 3 }: Inputs): Promise<string[]> {
    if (availabilityZoneNames) return availabilityZoneNames as string[];
    const token = "aws:index/getAvailabilityZones:getAvailabilityZones";
    const { names } = (await invoke(token, {}, { parent: this, version })) as { names: string[] };
    return names.slice(0, numberOfAvailabilityZones as number);
  }

  /** A subnet with a route table of its own. */
  private network(
    vpcName: string,
    {
      spec,
      zone,
      index,
      vpc,
      tags,
    }: { spec: SubnetSpec; zone: string; index: number; vpc: Child; tags: object },
  ) {
    const { type, cidrBlocks = [] } = spec;
    const name = `${vpcName}-${spec.name ?? type.toLowerCase()}-${index + 1}`;
    const ownTags = { ...tags, ...spec.tags, Name: name, SubnetType: type };
    const place = { vpcId: vpc.id, availabilityZone: zone, cidrBlock: cidrBlocks[index] };
    const mapPublicIpOnLaunch = type.toLowerCase() === "public";
    const subnet = new Child(
      "aws:ec2/subnet:Subnet",
      name,
      { ...place, mapPublicIpOnLaunch, tags: ownTags },
      { parent: vpc, version },
      [],
    );
    const table = new Child(
      "aws:ec2/routeTable:RouteTable",
      name,
      { vpcId: vpc.id, tags: { ...tags, Name: name, SubnetType: type } },
      { parent: subnet, version },
      [],
    );
    const association = new Child(
      "aws:ec2/routeTableAssociation:RouteTableAssociation",
      name,
      { routeTableId: table.id, subnetId: subnet.id },
      { parent: table, version },
      [],
    );
    return { spec, name, subnet, table, association };
  }
}

function publicRoute(name: string, table: Child, gateway: Child): Child {
  const route = { routeTableId: table.id, gatewayId: gateway.id, destinationCidrBlock: "0.0.0.0/0" };
  return new Child("aws:ec2/route:Route", name, route, { parent: table, version }, []);
}

/** @throws Error for a VPC that the laptop target cannot make. */
function checked(args: Inputs): SubnetSpec[] {
  const unknown = Object.keys(args).filter((name) => args[name] !== undefined && !supported.includes(name));
  const { natGateways, subnetSpecs } = args as {
    natGateways?: ec2.VpcArgs["natGateways"];
    subnetSpecs?: SubnetSpec[];
  };
  const strategy = (natGateways as { strategy?: string } | undefined)?.strategy ?? "OnePerAz";
  const fault =
    unknown.length > 0
      ? `the properties ${unknown.join(", ")}`
      : strategy.toLowerCase() !== "none"
        ? `NAT gateways (natGateways.strategy ${strategy})`
        : !subnetSpecs?.length || subnetSpecs.some(({ cidrBlocks }) => !cidrBlocks)
          ? "subnets without cidrBlocks"
          : undefined;
  if (fault === undefined) return subnetSpecs!;
  throw new Error(
    `The laptop target does not support ${fault} of ${Vpc.type}. It makes a VPC without NAT gateways whose ` +
      "subnetSpecs have cidrBlocks, one for each zone. Change it, or leave it out on this stack.",
  );
}
