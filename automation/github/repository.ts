import { type Octokit } from "@octokit/rest";
import { UserError } from "../errors";

/** A repository on GitHub, with a client that may do there what the token may. */
export interface Repository {
  client: Octokit;
  owner: string;
  repo: string;
}

/**
 * The repository that a workflow runs in, as GitHub Actions says in the environment: GITHUB_REPOSITORY, GITHUB_API_URL, and
 * GITHUB_TOKEN, which a step has to be given.
 * @throws UserError that names what is missing.
 */
export async function openRepository(environment = process.env): Promise<Repository> {
  const { GITHUB_TOKEN: auth, GITHUB_REPOSITORY: name, GITHUB_API_URL: baseUrl } = environment;
  const [owner, repo, ...rest] = name?.split("/") ?? [];
  if (!owner || !repo || rest.length > 0) {
    throw new UserError(
      `GITHUB_REPOSITORY is ${name ? `'${name}'` : "not set"}. GitHub Actions sets it; elsewhere set it to owner/name.`,
    );
  }
  if (!auth) {
    throw new UserError(
      "GITHUB_TOKEN is not set. In a workflow, give the step `env: { GITHUB_TOKEN: ${{ github.token }} }`; elsewhere set it to " +
        "what `gh auth token` prints.",
    );
  }
  const { githubClient } = await import("./client.ts");
  return { client: githubClient(auth, baseUrl), owner, repo };
}

/**
 * Runs requests to GitHub.
 * @throws UserError that says what GitHub said, and which permission the job needs when it is that.
 */
export async function askGitHub<T>(
  { owner, repo }: Repository,
  what: string,
  permission: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { status, message } = error as Error & { status?: number };
    const fix =
      status === 401 || status === 403 || status === 404
        ? `The token needs the permission '${permission}' in ${owner}/${repo}: give it to the job, then run it again.`
        : "Run the job again.";
    throw new UserError(
      `GitHub did not let ${what} be written (${status ?? "no answer"}: ${message}). ${fix}`,
    );
  }
}
