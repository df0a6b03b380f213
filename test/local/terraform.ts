import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type Ended, run } from "../../automation/run";

const provider = join("registry.terraform.io", "hashicorp", "aws");

/** A folder in which providers are installed already, where there is one; else Terraform fetches the provider itself. */
export function providerFolder(): string | undefined {
  const opt = existsSync("/opt") ? readdirSync("/opt").map((name) => join("/opt", name)) : [];
  const usual = ["/usr/share/terraform/providers", "/usr/local/share/terraform/plugins", ...opt];
  return [join(homedir(), ".terraform.d", "plugins"), ...usual].find((folder) =>
    existsSync(join(folder, provider)),
  );
}

/** The Terraform CLI on a folder of its files, in an environment of its own. */
export class Terraform {
  constructor(
    readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  /** Whether there is a Terraform CLI here. */
  static async isThere(): Promise<boolean> {
    return (await run("terraform", ["version"]).catch(() => ({ code: 1 }))).code === 0;
  }

  run(...args: string[]): Promise<Ended> {
    const env: NodeJS.ProcessEnv = { ...process.env, ...this.env, TF_IN_AUTOMATION: "1", NO_COLOR: "1" };
    delete env.TF_CLI_CONFIG_FILE;
    return run("terraform", args, { cwd: this.folder, env });
  }

  /** @returns what it printed. @throws Error with what it said when it failed. */
  async succeed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`terraform ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  async init(): Promise<void> {
    const folder = providerFolder();
    await this.succeed("init", "-input=false", ...(folder ? [`-plugin-dir=${folder}`] : []));
  }
}
