import { type Resource } from "../../../automation/stack";
import { formatRelease } from "../../../components/release/current-release";
import program from "../../../index";
import { configuration, everything, release } from "../../components/configurations";
import { declare } from "../../components/mocks";

/** The resources of a stack of the program once it serves a release, as the engine would know them; without AWS. */
export async function programResources(
  stack: string,
  changes: Record<string, unknown> = {},
): Promise<Resource[]> {
  const resources: Resource[] = [];
  await declare(program, {
    stack,
    config: configuration(stack, changes),
    parameters: { [`/slipway/${stack}/release`]: formatRelease(release) },
    see: (resource) => resources.push(resource),
  });
  return resources;
}

/** All that the settings can switch on, with the deployment without GitHub. */
export const allSwitchedOn = {
  ...everything,
  "slipway:codePipeline": {
    ...{ connection: "arn:aws:codeconnections:us-east-1:123456789012:connection/one", branch: "main" },
    ...{ repository: "owner/name", role: "arn:aws:iam::123456789012:role/deploy", state: "s3://state" },
  },
};
