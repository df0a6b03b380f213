import { type ComponentResourceOptions } from "@pulumi/pulumi/resource";
import { type Inputs } from "@pulumi/pulumi/output";
import { main } from "@pulumi/pulumi/provider";
import { version } from "@pulumi/awsx/package.json";
import { Repository } from "./repository";
import { Vpc } from "./vpc";

type Construct = (
  name: string,
  inputs: Inputs,
  options: ComponentResourceOptions,
) => { urn: unknown; state: Inputs };

const components: Record<string, Construct> = {
  [Repository.type](name, inputs, options) {
    const { urn, url, repository, lifecyclePolicy } = new Repository(name, inputs, options);
    return { urn, state: { url, repository, lifecyclePolicy } };
  },
  [Vpc.type](name, inputs, options) {
    const { urn, made } = new Vpc(name, inputs, options);
    const names = [
      ...["vpc", "vpcId", "internetGateway", "natGateways", "eips", "vpcEndpoints", "subnets", "routeTables"],
      ...["routeTableAssociations", "routes", "publicSubnetIds", "privateSubnetIds", "isolatedSubnetIds"],
      "subnetLayout",
    ];
    return {
      urn,
      state: Object.fromEntries(
        names.map((each) => [each, made.apply((all) => (all as Record<string, unknown>)[each])]),
      ),
    };
  },
};

/** Components are made by the SDK's own server: unlike resources they need nothing that it hides. */
const provider = {
  version,
  construct(name: string, type: string, inputs: Inputs, options: ComponentResourceOptions) {
    const construct = components[type];
    if (!construct) {
      throw new Error(
        `The laptop target does not know the component type ${type}. It knows ${Object.keys(components).join(", ")}. ` +
          "Add it to local/providers/awsx, or leave the component out on this stack.",
      );
    }
    return Promise.resolve(construct(name, inputs, options) as never);
  },
};

void main(provider, process.argv.slice(2));
