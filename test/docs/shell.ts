import { type ChildProcess, spawn } from "node:child_process";

/** Ends what a command has printed, before its exit code. */
const mark = "\u001e";

/** One bash in which commands are run one after the other, as in a terminal: what one exports, the next one has. */
export class Shell {
  private readonly bash: ChildProcess;
  private printed = "";

  /** @param prelude what is run before all else. */
  constructor(cwd: string, env: NodeJS.ProcessEnv, prelude = "") {
    this.bash = spawn("bash", [], { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
    this.bash.stdout!.setEncoding("utf8").on("data", (text: string) => (this.printed += text));
    this.bash.stdin!.write(`exec 2>&1\n${prelude}\n`);
  }

  /** Runs a command. @returns its exit code, and what it printed on stdout and stderr. */
  async run(command: string): Promise<{ code: number; printed: string }> {
    this.printed = "";
    const quoted = `'${command.replaceAll("'", `'\\''`)}'`;
    this.bash.stdin!.write(`eval ${quoted} < /dev/null; printf '${mark}%s\\n' $?\n`);
    const end = new RegExp(`${mark}(\\d+)\\n$`);
    for (let found; ; await this.more()) {
      if ((found = end.exec(this.printed))) {
        return { code: Number(found[1]), printed: this.printed.slice(0, found.index) };
      }
    }
  }

  end(): void {
    this.bash.stdin!.end();
  }

  /** Waits for more output. @throws Error when the shell has ended. */
  private more(): Promise<void> {
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the shell has ended: ${this.printed}`));
      this.bash.once("close", ended);
      this.bash.stdout!.once("data", () => {
        this.bash.off("close", ended);
        resolve();
      });
    });
  }
}
