import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "../../state";
import { venvPython } from "../../supervisor/services";

/** For a command whose starter has died: then there is nobody left to wait for it. */
const orphanGraceSeconds = 5;

interface LeashedCommand {
  command: string[];
  cwd?: string;
  env: NodeJS.ProcessEnv;
  onLine: (line: string) => void;
}

/** A command that runs on the leash (local/leash.py), so that its process tree never outlives this process. */
export class LeashedChild {
  /** Resolves to the exit code when the command and all that it started are gone and its output is read. */
  readonly exited: Promise<number>;
  private readonly child: ChildProcess;
  private over = false;
  /** Of the command's process group. */
  private readonly groupId: Promise<number | undefined>;

  constructor({ command, cwd, env, onLine }: LeashedCommand) {
    // The shell tells the group's id through descriptor 3 and becomes the command.
    const announced = ["/bin/sh", "-c", 'echo $$ >&3; exec 3>&-; exec "$@"', "sh", ...command];
    const leash = [join(projectRoot, "local", "leash.py"), "--grace", `${orphanGraceSeconds}`, "--"];
    this.child = spawn(venvPython, [...leash, ...announced], {
      cwd,
      env,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    const [stdin, stdout, stderr, announcement] = this.child.stdio;
    stdin?.on("error", () => undefined); // the leash has gone: its exit says so
    for (const stream of [stdout, stderr])
      if (stream) createInterface({ input: stream as NodeJS.ReadableStream }).on("line", onLine);
    this.groupId = new Promise((resolve) => {
      announcement?.once("data", (data: Buffer) => resolve(Number(data.toString())));
      this.child.once("close", () => resolve(undefined));
    });
    this.exited = new Promise((resolve) => {
      const end = (code: number) => {
        this.over = true;
        resolve(code);
      };
      this.child.once("close", (code) => end(code ?? 137));
      this.child.once("error", (error) => {
        onLine(`${command[0]} cannot be started: ${error.message}`);
        end(127);
      });
    });
  }

  /** SIGTERM to the command's process group, SIGKILL after the grace time; resolves when it is gone. */
  async stop(graceSeconds: number): Promise<void> {
    await this.signal("SIGTERM");
    const timer = setTimeout(() => void this.signal("SIGKILL"), graceSeconds * 1000);
    await this.exited;
    clearTimeout(timer);
  }

  private async signal(signal: NodeJS.Signals): Promise<void> {
    const groupId = await this.groupId;
    if (this.over || !groupId) return;
    try {
      process.kill(-groupId, signal);
    } catch {
      // it has ended just now
    }
  }
}
