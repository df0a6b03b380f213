import { type ComponentResourceOptions } from "@pulumi/pulumi/resource";
import { type Inputs } from "@pulumi/pulumi/output";
import { main } from "@pulumi/pulumi/provider";
import { version } from "@pulumi/awsx/package.json";
import { Repository } from "./repository";

/** Components are made by the SDK's own server: unlike resources they need nothing that it hides. */
const provider = {
  version,
  construct(name: string, type: string, inputs: Inputs, options: ComponentResourceOptions) {
    if (type !== Repository.type) {
      throw new Error(
        `The laptop target does not know the component type ${type}. It knows ${Repository.type}. ` +
          "Add it to local/providers/awsx, or leave the component out on this stack.",
      );
    }
    const { urn, url, repository, lifecyclePolicy } = new Repository(name, inputs, options);
    return Promise.resolve({ urn, state: { url, repository, lifecyclePolicy } });
  },
};

void main(provider, process.argv.slice(2));
