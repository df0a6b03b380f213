import { join } from "node:path";
import { UserError } from "../errors";
import { projectRoot } from "../project";
import { run } from "../run";

/** What `terraform-bootstrap/` has made, as its outputs say. */
export interface Bootstrapped {
  region: string;
  state_url: string;
  secrets_provider: string;
  role_arns: Record<"preview" | "deploy-dev" | "deploy-main" | "deploy-pr", string>;
  workload_boundary_arn: string;
  /** `owner/name` */
  github_repository: string;
  environments: { main: string; pr: string };
}

const names = [
  ...["region", "state_url", "secrets_provider", "role_arns", "workload_boundary_arn"],
  ...["github_repository", "environments"],
] as (keyof Bootstrapped)[];

export const folder = "terraform-bootstrap";

/** Asks Terraform. @throws UserError when it is not installed, or has not been applied. */
export async function readBootstrapped(): Promise<Bootstrapped> {
  const cwd = join(projectRoot, folder);
  const { code, stdout, stderr } = await run("terraform", ["output", "-json"], { cwd });
  if (code === "ENOENT") {
    throw new UserError(
      "Terraform is not installed, so what it has made is not known. Install 1.6 or newer: https://developer.hashicorp.com/terraform/install",
    );
  }
  const apply = `Run 'terraform init' and 'terraform apply' in ${folder}/ first (docs/deploy.md), then the same command again.`;
  if (code !== 0) throw new UserError(`'terraform output' in ${folder}/ failed: ${stderr.trim()} ${apply}`);
  const outputs = JSON.parse(stdout) as Record<string, { value: unknown }>;
  const missing = names.filter((name) => outputs[name] === undefined);
  if (missing.length === names.length) {
    throw new UserError(`${folder}/ has made nothing yet. ${apply}`);
  }
  if (missing.length) {
    throw new UserError(
      `${folder}/ was applied by an earlier Slipway: it has no output ${missing.join(", ")}. ${apply}`,
    );
  }
  const made = Object.fromEntries(
    names.map((name) => [name, outputs[name]!.value]),
  ) as unknown as Bootstrapped;
  if (!made.role_arns["deploy-pr"] || !made.environments.pr) {
    throw new UserError(
      `${folder}/ was applied by an earlier Slipway: it has no role deploy-pr, for the stacks of pull requests. ${apply}`,
    );
  }
  return made;
}
