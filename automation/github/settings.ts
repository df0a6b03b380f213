import { type RestEndpointMethodTypes } from "@octokit/rest";
import { askGitHub, ifThere, type Repository } from "./repository";

/** What has become of something that was to be as wanted. */
export type Outcome = "created" | "updated" | "unchanged";

/** Of who may change a repository's settings. */
const administrator =
  "to be of an administrator (scope 'repo', or for a fine-grained one Variables, Environments and Administration: read and write)";

/** Sets a variable of the repository's workflows. */
export function setVariable(repository: Repository, name: string, value: string): Promise<Outcome> {
  const { client, owner, repo } = repository;
  const { actions } = client.rest;
  return askGitHub(repository, `the variable ${name}`, administrator, async () => {
    const found = await ifThere(actions.getRepoVariable({ owner, repo, name }));
    if (found?.data.value === value) return "unchanged";
    if (found) await actions.updateRepoVariable({ owner, repo, name, value });
    else await actions.createRepoVariable({ owner, repo, name, value });
    return found ? "updated" : "created";
  });
}

/** Sees to it that there is an environment. One that is there is left as it is, with its reviewers and branches. */
export function makeEnvironment(repository: Repository, environment_name: string): Promise<Outcome> {
  const { client, owner, repo } = repository;
  const { repos } = client.rest;
  return askGitHub(repository, `the environment ${environment_name}`, administrator, async () => {
    const of = { owner, repo, environment_name };
    if (await ifThere(repos.getEnvironment(of))) return "unchanged";
    await repos.createOrUpdateEnvironment({ ...of, deployment_branch_policy: null });
    return "created";
  });
}

/** Lets one branch alone use an environment. Reviewers and waiting times that it has are kept. */
export function restrictEnvironment(
  repository: Repository,
  environment_name: string,
  branch: string,
): Promise<Outcome> {
  const { client, owner, repo } = repository;
  const { repos } = client.rest;
  return askGitHub(repository, `the environment ${environment_name}`, administrator, async () => {
    const of = { owner, repo, environment_name };
    const found = await ifThere(repos.getEnvironment(of));
    const isRestricted = found?.data.deployment_branch_policy?.custom_branch_policies;
    if (!isRestricted) {
      await repos.createOrUpdateEnvironment({
        ...of,
        ...kept(found?.data.protection_rules),
        deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
      });
    }
    const { branch_policies: policies } = (await repos.listDeploymentBranchPolicies(of)).data;
    const others = policies.filter(({ name }) => name !== branch);
    for (const { id } of others) await repos.deleteDeploymentBranchPolicy({ ...of, branch_policy_id: id! });
    const isThere = policies.length > others.length;
    if (!isThere) await repos.createDeploymentBranchPolicy({ ...of, name: branch });
    if (!found) return "created";
    return isThere && others.length === 0 && isRestricted ? "unchanged" : "updated";
  });
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
