import { LocalWorkspace, PulumiCommand, type PulumiFn, type Stack } from "@pulumi/pulumi/automation";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { pulumiVersion } from "../../../automation/pulumi-cli/find";
import { installPlugins, pluginFolder } from "../../../local/providers/install";
import { type TestCloud } from "./cloud";

/** The stock CLI: on PATH, or where Slipway keeps its own. */
async function pulumiCommand(): Promise<PulumiCommand | undefined> {
  const root = join(
    process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
    "slipway",
    "pulumi",
    pulumiVersion,
  );
  const onPath = await PulumiCommand.get().catch(() => undefined);
  if (onPath?.version) return onPath;
  return existsSync(root) ? PulumiCommand.get({ root }) : undefined;
}

/** The two ways of giving a CLI the laptop's plugins: on PATH, or installed in a PULUMI_HOME of their own. */
export type PluginsFrom = "path" | "home";

function whereFrom(plugins: PluginsFrom, home: string): Record<string, string> {
  if (plugins === "path") return { PATH: `${pluginFolder}:${process.env.PATH}` };
  const pulumiHome = join(home, "pulumi-home");
  installPlugins(pulumiHome);
  return { PULUMI_HOME: pulumiHome };
}

/** What a process of the stock CLI needs to use the laptop's plugins. */
function pluginEnvironment(
  cloud: Pick<TestCloud, "env">,
  home: string,
  plugins: PluginsFrom,
): Record<string, string> {
  return {
    ...cloud.env,
    ...whereFrom(plugins, home),
    PULUMI_BACKEND_URL: `file://${join(home, "pulumi")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    SLIPWAY_LOCAL_HOME: home,
  };
}

/** A stack of the test's own on the stock engine, or undefined when this machine has no CLI. */
export async function testStack(
  name: string,
  program: PulumiFn,
  cloud: Pick<TestCloud, "env">,
  home: string,
  plugins: PluginsFrom,
): Promise<Stack | undefined> {
  const command = await pulumiCommand();
  if (!command) return undefined;
  mkdirSync(join(home, "pulumi"), { recursive: true });
  const envVars = pluginEnvironment(cloud, home, plugins);
  return LocalWorkspace.createOrSelectStack(
    { stackName: name, projectName: "plugins", program },
    { pulumiCommand: command, envVars },
  );
}
