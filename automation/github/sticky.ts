import { askGitHub, type Repository } from "./repository";

/** Where it is on GitHub, and what became of it. */
export interface Written {
  url: string;
  change: "created" | "updated" | "closed";
}

/** The one comment of a pull request that begins with `mark`: made, or brought up to date. */
export function keepComment(
  repository: Repository,
  pullRequest: number,
  mark: string,
  body: string,
): Promise<Written> {
  const { client, owner, repo } = repository;
  return askGitHub(
    repository,
    `the comment on pull request ${pullRequest}`,
    "the permission 'pull-requests: write'",
    async () => {
      const all = { owner, repo, issue_number: pullRequest, per_page: 100 };
      const comments = await client.paginate(client.rest.issues.listComments, all);
      const mine = comments.find((comment) => comment.body?.startsWith(mark));
      const { data } = mine
        ? await client.rest.issues.updateComment({ owner, repo, comment_id: mine.id, body })
        : await client.rest.issues.createComment({ owner, repo, issue_number: pullRequest, body });
      return { url: data.html_url, change: mine ? "updated" : "created" };
    },
  );
}

/** What an issue says. */
export interface IssueText {
  title: string;
  body: string;
}

/**
 * The one open issue under `label` that begins with `mark`: opened or brought up to date with `text`, and closed with a word
 * when there is none any more.
 */
export function keepIssue(
  repository: Repository,
  label: string,
  mark: string,
  text: IssueText | undefined,
  closing: string,
): Promise<Written | undefined> {
  const { client, owner, repo } = repository;
  const { issues } = client.rest;
  return askGitHub(repository, "the issue", "the permission 'issues: write'", async () => {
    const all = { owner, repo, labels: label, state: "open", per_page: 100 } as const;
    const open = await client.paginate(issues.listForRepo, all);
    const mine = open.find((issue) => issue.body?.startsWith(mark));
    if (!mine) {
      if (!text) return undefined;
      const { data } = await issues.create({ owner, repo, labels: [label], ...text });
      return { url: data.html_url, change: "created" };
    }
    const issue_number = mine.number;
    if (text) {
      await issues.update({ owner, repo, issue_number, ...text });
      return { url: mine.html_url, change: "updated" };
    }
    await issues.createComment({ owner, repo, issue_number, body: closing });
    await issues.update({ owner, repo, issue_number, state: "closed", state_reason: "completed" });
    return { url: mine.html_url, change: "closed" };
  });
}
