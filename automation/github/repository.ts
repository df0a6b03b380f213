import { type Octokit } from "@octokit/rest";
import { UserError } from "../errors";
import { run } from "../run";

/** A repository on GitHub, with a client that may do there what the token may. */
export interface Repository {
  client: Octokit;
  owner: string;
  repo: string;
}

/**
 * A repository, with the token of the environment (GH_TOKEN, GITHUB_TOKEN) or of GitHub's CLI.
 * @param name `owner/name`; without one, that of the workflow that runs, as GitHub Actions says in GITHUB_REPOSITORY.
 * @throws UserError that names what is missing.
 */
export async function openRepository(name = process.env.GITHUB_REPOSITORY): Promise<Repository> {
  const [owner, repo, ...rest] = name?.split("/") ?? [];
  if (!owner || !repo || rest.length > 0) {
    throw new UserError(
      `GITHUB_REPOSITORY is ${name ? `'${name}'` : "not set"}. GitHub Actions sets it; elsewhere set it to owner/name.`,
    );
  }
  const auth = await findToken();
  const { githubClient } = await import("./client.ts");
  return { client: githubClient(auth, process.env.GITHUB_API_URL), owner, repo };
}

async function findToken(): Promise<string> {
  const given = process.env.GH_TOKEN || process.env.GITHUB_TOKEN;
  if (given) return given;
  const { code, stdout } = await run("gh", ["auth", "token"]);
  if (code === 0 && stdout.trim()) return stdout.trim();
  throw new UserError(
    "There is no token for GitHub. In a workflow, give the step `env: { GITHUB_TOKEN: ${{ github.token }} }`; elsewhere sign " +
      "in with 'gh auth login' (https://cli.github.com), or set GH_TOKEN.",
  );
}

/** An error of GitHub's client. */
type Refusal = Error & { status?: number };

/**
 * Runs requests to GitHub.
 * @param what they write, such as `the issue`.
 * @param permission that the token must have for it.
 * @throws UserError that says what GitHub said, and which permission is missing when it is that.
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
    const { status, message } = error as Refusal;
    const fix =
      status === 401
        ? "The token is not valid any more: sign in with 'gh auth login', or set another one."
        : status === 403 || status === 404
          ? `The token needs ${permission} in ${owner}/${repo}: give it that, then run the same again.`
          : "Run the same again.";
    throw new UserError(
      `GitHub did not let ${what} of ${owner}/${repo} be written (${status ?? "no answer"}: ${message}). ${fix}`,
    );
  }
}

/** The answer, or undefined when there is none such. */
export async function ifThere<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if ((error as Refusal).status === 404) return undefined;
    throw error;
  }
}
