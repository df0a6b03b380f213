import { version as awsVersion } from "@pulumi/aws/package.json";
import { version as awsxVersion } from "@pulumi/awsx/package.json";
import { version as dockerVersion } from "@pulumi/docker/package.json";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../state";

/** The folder that, put in front of PATH, gives a Pulumi CLI the laptop's plugins. */
export const pluginFolder = join(projectRoot, "local", "providers", "bin");

const versions = { aws: awsVersion, awsx: awsxVersion, docker: dockerVersion };

/**
 * Puts the plugins where a CLI with `PULUMI_HOME=<pulumiHome>` looks for installed ones, in the versions that the
 * project's SDKs ask for. Unlike with PATH, the CLI then has nothing to warn of. May be repeated.
 * @param pulumiHome a folder of the laptop target's own: in the user's, these would stand in for the real providers.
 */
export function installPlugins(pulumiHome: string): void {
  for (const [name, version] of Object.entries(versions)) {
    const folder = join(pulumiHome, "plugins", `resource-${name}-v${version}`);
    const link = join(folder, `pulumi-resource-${name}`);
    mkdirSync(folder, { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(join(pluginFolder, `pulumi-resource-${name}`), link);
  }
}
