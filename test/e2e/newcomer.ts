import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../automation/run";
import { FakeGitHub } from "../automation/github/fake-github";
import { root } from "./laptop";
import { providerFolder } from "../local/terraform";
import { type Workshop } from "./workshop";

/**
 * What stands in for what a test has not got; all other commands are what they are.
 * - A clone of the fork: the workshop, which has its packages.
 * - Terraform's download of the AWS provider, where a folder has it; and the laptop's S3 has no host name for each bucket.
 * - What doctor finds missing of this machine: maybe Docker.
 */
const standIns = `
set -euo pipefail
git() { if [ "$1" = clone ]; then ln -sfn "$WORKSHOP" "$3"; else command git "$@"; fi; }
make() { [ "$*" = setup ]; }
terraform() {
  if [ "\${2:-}" = init ]; then command terraform "$@" -input=false \${PROVIDERS:+"-plugin-dir=$PROVIDERS"}
  else command terraform "$@" | sed 's|^\\(s3://.*\\)$|\\1\\&use_path_style=true|'; fi
}
npx() { command npx "$@" || [ "$2" = doctor ]; }
`;

/** Somebody who follows docs/deploy.md, command by command, with a fork on a GitHub of their own and the laptop's AWS. */
export class Newcomer {
  /** The commands of a kind that were followed, so that what later ones need of the shell is there. */
  private readonly prelude: string[] = [];

  private constructor(
    private readonly workshop: Workshop,
    private readonly folder: string,
    private readonly env: NodeJS.ProcessEnv,
    readonly github: FakeGitHub,
  ) {}

  /** @param environment of the laptop's AWS. */
  static async at(
    workshop: Workshop,
    environment: Record<string, string>,
    repository: string,
  ): Promise<Newcomer> {
    const folder = mkdtempSync(join(tmpdir(), "slipway-newcomer-"));
    const github = new FakeGitHub(repository);
    const git = (...args: string[]) => execFileSync("git", args, { cwd: workshop.folder, stdio: "ignore" });
    const fork = join(folder, "fork.git");
    mkdirSync(fork);
    execFileSync("git", ["init", "--quiet", "--bare", fork]);
    git("init", "--quiet", "--initial-branch=main");
    git("remote", "add", "origin", fork);
    git("add", "--all");
    git("-c", "user.name=ann", "-c", "user.email=ann@example.com", "commit", "--quiet", "-m", "The fork");
    const identity = { GIT_AUTHOR_NAME: "ann", GIT_AUTHOR_EMAIL: "ann@example.com" };
    const env = {
      ...{ ...process.env, ...environment, ...identity, AWS_PROFILE: undefined, NO_COLOR: "1" },
      ...{ GIT_COMMITTER_NAME: "ann", GIT_COMMITTER_EMAIL: "ann@example.com" },
      ...{ ...(await github.start()), GH_TOKEN: undefined },
      ...{ WORKSHOP: workshop.folder, PROVIDERS: providerFolder() ?? "", SLIPWAY_LOCAL_HOME: workshop.home },
      PATH: `${join(root, ".venv", "bin")}:${process.env.PATH}`,
      TF_CLI_CONFIG_FILE: undefined,
      TF_IN_AUTOMATION: "1",
    };
    return new Newcomer(workshop, folder, env, github);
  }

  /**
   * Runs the commands of the page's blocks of one kind (```bash or ```bash leaving), as they stand there.
   * @param beginning only the lines that begin so.
   */
  async follow(kind: "bash" | "leaving", beginning = ""): Promise<void> {
    const lines = this.commands(kind).filter((line) => line.startsWith(beginning));
    if (lines.length === 0)
      throw new Error(`docs/deploy.md has no '${beginning}' in a block of the kind ${kind}`);
    await this.run(lines.join("\n"));
    if (kind === "bash") this.prelude.push(...lines.filter((line) => /^(export|cd) /.test(line)));
  }

  /** Runs commands in the newcomer's shell. @returns what they print. @throws Error with what they said when one failed. */
  async run(commands: string): Promise<string> {
    const script = [standIns, ...this.prelude, commands].join("\n");
    const { code, stdout, stderr } = await run("bash", ["-c", script], { cwd: this.folder, env: this.env });
    if (code !== 0)
      throw new Error(`docs/deploy.md ended with ${code}: ${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
    return stdout;
  }

  /** The branches that have come to the fork. */
  pushed(): string[] {
    const answer = execFileSync("git", ["ls-remote", "--heads", "origin"], {
      cwd: this.workshop.folder,
      encoding: "utf8",
    });
    return [...answer.matchAll(/refs\/heads\/(\S+)/g)].map(([, branch]) => branch!).sort();
  }

  leave(): void {
    this.github.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private commands(kind: "bash" | "leaving"): string[] {
    const page = readFileSync(join(root, "docs", "deploy.md"), "utf8");
    const fence = kind === "bash" ? "bash" : "bash leaving";
    return [...page.matchAll(/^```(.*)\n([^]*?)^```$/gm)]
      .filter(([, language]) => language === fence)
      .flatMap(([, , block]) => block!.trim().split("\n"));
  }
}
