import { type Octokit, type RestEndpointMethodTypes } from "@octokit/rest";
import { UserError } from "../errors";
import { githubClient } from "../github/client";
import { run } from "../run";

/** What has become of something that was to be as wanted. */
export type Outcome = "created" | "updated" | "unchanged";

/** A repository on GitHub, asked with the user's own token. */
export class Repository {
  private readonly client: Octokit;
  private readonly of: { owner: string; repo: string };

  /** @param name `owner/name` */
  constructor(
    private readonly name: string,
    auth: string,
  ) {
    const [owner = "", repo = ""] = name.split("/");
    this.of = { owner, repo };
    this.client = githubClient(auth, process.env.GITHUB_API_URL);
  }

  /** Sets a variable of the repository's workflows. */
  async setVariable(name: string, value: string): Promise<Outcome> {
    const { actions } = this.client.rest;
    const found = await this.ask(() => actions.getRepoVariable({ ...this.of, name }));
    if (found?.data.value === value) return "unchanged";
    if (found) {
      await this.need(() => actions.updateRepoVariable({ ...this.of, name, value }));
      return "updated";
    }
    await this.need(() => actions.createRepoVariable({ ...this.of, name, value }));
    return "created";
  }

  /** Sees to it that there is an environment. One that is there is left as it is, with its reviewers and branches. */
  async makeEnvironment(environment_name: string): Promise<Outcome> {
    const { repos } = this.client.rest;
    const of = { ...this.of, environment_name };
    if (await this.ask(() => repos.getEnvironment(of))) return "unchanged";
    await this.need(() => repos.createOrUpdateEnvironment({ ...of, deployment_branch_policy: null }));
    return "created";
  }

  /** Lets one branch alone use an environment. Reviewers and waiting times that it has are kept. */
  async restrictEnvironment(environment_name: string, branch: string): Promise<Outcome> {
    const { repos } = this.client.rest;
    const of = { ...this.of, environment_name };
    const found = await this.ask(() => repos.getEnvironment(of));
    const custom = { protected_branches: false, custom_branch_policies: true };
    if (!found?.data.deployment_branch_policy?.custom_branch_policies) {
      await this.need(() =>
        repos.createOrUpdateEnvironment({
          ...of,
          ...kept(found?.data.protection_rules),
          deployment_branch_policy: custom,
        }),
      );
    }
    const { data } = await this.need(() => repos.listDeploymentBranchPolicies(of));
    const policies = data.branch_policies;
    const others = policies.filter(({ name }) => name !== branch);
    for (const { id } of others)
      await this.need(() => repos.deleteDeploymentBranchPolicy({ ...of, branch_policy_id: id! }));
    const isThere = policies.length > others.length;
    if (!isThere) await this.need(() => repos.createDeploymentBranchPolicy({ ...of, name: branch }));
    if (!found) return "created";
    return isThere && others.length === 0 && found.data.deployment_branch_policy?.custom_branch_policies
      ? "unchanged"
      : "updated";
  }

  /** The answer, or undefined when there is none such. */
  private async ask<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await request();
    } catch (error) {
      if ((error as { status?: number }).status === 404) return undefined;
      throw this.explain(error as Error & { status?: number });
    }
  }

  private async need<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw this.explain(error as Error & { status?: number });
    }
  }

  private explain({ status, message }: Error & { status?: number }): UserError {
    const which =
      status === 401
        ? "The token is not valid any more: 'gh auth login', or set another GH_TOKEN."
        : status === 403 || status === 404
          ? "The token must be of an administrator of the repository: scope 'repo', or for a fine-grained one Variables, Environments and Administration (read and write)."
          : "Try again, or set them by hand: 'npx slipway bootstrap --print' says how.";
    return new UserError(`GitHub refuses to change ${this.name}: ${message}. ${which}`);
  }
}

type Rules = RestEndpointMethodTypes["repos"]["getEnvironment"]["response"]["data"]["protection_rules"];

/** The reviewers and the waiting time of an environment, which a change would else take away. */
function kept(rules: Rules) {
  const settings: { wait_timer?: number; reviewers?: { type: "User" | "Team"; id: number }[] } = {};
  for (const rule of rules ?? []) {
    if ("wait_timer" in rule && rule.wait_timer) settings.wait_timer = rule.wait_timer;
    if ("reviewers" in rule) {
      settings.reviewers = (rule.reviewers ?? []).flatMap(({ type, reviewer }) =>
        type && reviewer?.id ? [{ type, id: reviewer.id }] : [],
      );
    }
  }
  return settings;
}

/** The user's token: of the environment, or of GitHub's CLI. @throws UserError when there is none. */
export async function githubToken(): Promise<string> {
  const given = process.env.GH_TOKEN || process.env.GITHUB_TOKEN;
  if (given) return given;
  const { code, stdout } = await run("gh", ["auth", "token"]);
  if (code === 0 && stdout.trim()) return stdout.trim();
  throw new UserError(
    "There is no token for GitHub. Sign in with 'gh auth login' (https://cli.github.com), set GH_TOKEN, or let " +
      "'npx slipway bootstrap --print' say what to set by hand.",
  );
}
