import { Octokit } from "@octokit/rest";

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A client of GitHub's REST API that says nothing by itself. @param baseUrl of another GitHub than github.com. */
export const githubClient = (auth: string, baseUrl: string | undefined): Octokit =>
  new Octokit({ auth, ...(baseUrl ? { baseUrl } : {}), log: silent });
