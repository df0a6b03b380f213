import { projectRoot } from "../project";
import { run } from "../run";

const git = (...args: string[]) => run("git", args, { cwd: projectRoot });

/** The working tree's commit, with `+` when files differ from it; undefined outside a repository. */
export async function commit(): Promise<string | undefined> {
  const head = await git("rev-parse", "HEAD");
  if (head.code !== 0) return undefined;
  const changed = await git("status", "--porcelain");
  return head.stdout.trim() + (changed.stdout.trim() ? "+" : "");
}

/** Files that differ between a commit (as `commit` gives it) and the working tree: `M model-image/schema.json`. */
export async function changedFiles(since: string): Promise<string[]> {
  const { stdout } = await git("diff", "--name-status", since.replace(/\+$/, ""), "--");
  const untracked = await git("ls-files", "--others", "--exclude-standard");
  const lines = (text: string) => text.split("\n").filter(Boolean);
  return [
    ...lines(stdout).map((line) => line.replace("\t", " ")),
    ...lines(untracked.stdout).map((file) => `A ${file}`),
  ];
}
