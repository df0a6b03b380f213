import { projectRoot } from "../project";
import { run } from "../run";

/** The working tree's commit, with `+` when files differ from it; undefined outside a repository. */
export async function commit(): Promise<string | undefined> {
  const git = (...args: string[]) => run("git", args, { cwd: projectRoot });
  const head = await git("rev-parse", "HEAD");
  if (head.code !== 0) return undefined;
  const changed = await git("status", "--porcelain");
  return head.stdout.trim() + (changed.stdout.trim() ? "+" : "");
}
