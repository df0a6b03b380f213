import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shells, type Shell } from "../../automation/completion/script";
import { commandLine } from "../../automation/main";
import { projectRoot } from "../../automation/project";

/** zsh is on few machines, and on none of the hosted runners: there its tests are none. */
const isInstalled = (shell: Shell) => spawnSync(shell, ["-c", "exit"]).status === 0;

for (const shell of shells.filter((each) => each === "bash" || isInstalled(each))) {
  describe(`slipway completion ${shell}`, function () {
    this.timeout(20_000);
    const folder = mkdtempSync(join(tmpdir(), "slipway-completion-"));
    const script = join(folder, "slipway.sh");

    before(() => {
      const made = spawnSync(process.execPath, [
        join(projectRoot, "automation", "bin.js"),
        "completion",
        shell,
      ]);
      expect(made.status, made.stderr.toString()).to.equal(0);
      writeFileSync(script, made.stdout);
    });
    after(() => rmSync(folder, { recursive: true }));

    /** Runs a program in the shell, with the script read. */
    function inShell(program: string): string {
      const clean = shell === "zsh" ? ["-f"] : ["--norc", "--noprofile"];
      const { stdout, stderr } = spawnSync(shell, [...clean, "-c", `. ${script}\n${program}`], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, HOME: folder, ZDOTDIR: folder },
      });
      expect(stderr).to.equal("");
      return stdout;
    }

    /** What Tab offers at the end of a line; zsh leaves out by itself what does not begin as the last word. */
    function offered(line: string): string[] {
      const words = line.split(" ").map((word) => `'${word}'`);
      const asBash = shell === "zsh" ? "setopt ksh_arrays\n" : "";
      const program = `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _slipway; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return inShell(asBash + program)
        .split("\n")
        .filter((word) => word && word.startsWith(line.split(" ").at(-1)!));
    }

    it("offers every command that there is, and those below a command", () => {
      const commands = commandLine().commands.map((command) => command.name());
      expect(offered("slipway ")).to.have.members([...commands, "help"]);
      expect(offered("slipway rel")).to.deep.equal(["release", "releases"]);
      expect(offered("slipway local st")).to.have.members(["start", "stop", "status"]);
      expect(offered("slipway completion ")).to.have.members(["bash", "zsh"]);
    });

    it("offers the stacks that there are, where a stack is to be named", () => {
      expect(offered("slipway status ")).to.include.members(["dev", "local", "main"]);
      expect(offered("slipway promote dev m")).to.deep.equal(["main"]);
      expect(offered("slipway release main --from d")).to.deep.equal(["dev"]);
      expect(offered("slipway status local ")).to.deep.equal([]);
    });

    it("offers a command's own options, and what they take", () => {
      expect(offered("slipway demo --")).to.include.members(["--data", "--problem", "--json", "--help"]);
      expect(offered("slipway status local --")).to.have.members(["--json", "--latency", "--help"]);
      expect(offered("slipway sagemaker --executor ")).to.deep.equal(["docker", "process"]);
      expect(offered("slipway inbox --limit ")).to.deep.equal([]);
      writeFileSync(join(folder, "trips.csv"), "");
      expect(offered("slipway demo --data t")).to.deep.equal(["trips.csv"]);
      expect(offered("slipway demo --data trips.csv --pro")).to.deep.equal(["--problem"]);
    });

    it("takes the value of an option for no argument", () => {
      expect(offered("slipway inbox --limit 5 lo")).to.deep.equal(["local"]);
      expect(offered("slipway release --from dev ma")).to.deep.equal(["main"]);
    });

    it("runs nothing of what has been typed", () => {
      offered("slipway status $(touch${IFS}run) `touch${IFS}run` ");
      expect(() => readFileSync(join(folder, "run"))).to.throw(/ENOENT/);
    });

    it("lets the command be called without npx, from any folder", () => {
      expect(inShell("slipway --version")).to.match(/^\d+\.\d+\.\d+$/m);
      expect(inShell("complete -p slipway 2>/dev/null || whence -w _slipway")).to.include("_slipway");
    });
  });
}

describe("slipway completion", () => {
  it("knows two shells, and says how each is set up", () => {
    const asked = (...args: string[]) =>
      spawnSync(process.execPath, [join(projectRoot, "automation", "bin.js"), "completion", ...args], {
        encoding: "utf8",
      });
    expect(asked("--help").stdout)
      .to.include("completion bash > ~/.slipway.bash")
      .and.include("completion zsh > ~/.slipway.zsh");
    const refused = asked("tcsh");
    expect(refused.status).to.equal(1);
    expect(refused.stderr).to.include("Allowed choices are bash, zsh.");
  });
});
