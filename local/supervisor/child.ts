import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../state";
import { type Service, venvPython } from "./services";

const healthyWithinMs = 60_000;
const maxCrashesPerMinute = 5;
const maxLogBytes = 20 * 1024 * 1024;

export type ChildStatus = "starting" | "running" | "restarting" | "failed" | "stopped";

/** One supervised server: started through the leash, so that it never outlives this process; restarted when it crashes. */
export class Child {
  status: ChildStatus = "starting";
  restarts = 0;
  /** Process id of the leash, which is the head of the server's process tree. */
  pid: number | undefined;
  private process: ChildProcess | undefined;
  private crashes: number[] = [];
  private stopping = false;

  constructor(
    readonly service: Service,
    private readonly logDir: string,
  ) {}

  get logFile(): string {
    return join(this.logDir, `${this.service.name}.log`);
  }

  /** Starts the server and resolves when it answers its health check. @throws Error that names the log when it does not. */
  async start(): Promise<void> {
    this.spawn();
    await this.untilHealthy();
  }

  /** Ends the server (SIGTERM, then SIGKILL by the leash) and resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    const child = this.process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.stdin?.end(); // the leash ends the whole process group at end of file
      await gone;
    }
    this.status = "stopped";
  }

  private spawn(): void {
    rotate(this.logFile);
    const log = openSync(this.logFile, "a");
    const child = spawn(venvPython, [join(projectRoot, "local/leash.py"), "--", ...this.service.command], {
      cwd: projectRoot,
      env: { ...withoutAwsSettings(process.env), ...this.service.env },
      stdio: ["pipe", log, log],
    });
    closeSync(log);
    child.stdin?.on("error", () => undefined); // the leash has gone: its exit is handled below
    this.process = child;
    this.pid = child.pid;
    child.once("exit", () => void this.onExit());
    child.once("error", () => void this.onExit());
  }

  private async onExit(): Promise<void> {
    if (this.stopping) return;
    const now = Date.now();
    this.crashes = [...this.crashes.filter((at) => now - at < 60_000), now];
    if (this.status === "starting" || this.crashes.length > maxCrashesPerMinute) {
      this.status = "failed";
      return;
    }
    this.status = "restarting";
    this.restarts += 1;
    await sleep(250 * 2 ** (this.crashes.length - 1));
    if (this.stopping) return;
    this.spawn();
    await this.untilHealthy().catch((error: Error) => console.error(error.message));
  }

  private async untilHealthy(): Promise<void> {
    const { name, healthUrl } = this.service;
    const deadline = Date.now() + healthyWithinMs;
    while (Date.now() < deadline && !this.stopping) {
      if (this.status === "failed") throw new Error(`${name} ended while it started. Its last words are in ${this.logFile}`);
      const answer = await fetch(healthUrl, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
      if (answer?.ok) {
        this.status = "running";
        return;
      }
      await sleep(50);
    }
    if (!this.stopping) throw new Error(`${name} did not answer ${healthUrl} within 60 s. See ${this.logFile}`);
  }
}

/** The caller's own AWS settings must not reach the servers: a profile or an endpoint of theirs would redirect them. */
function withoutAwsSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AWS_")));
}

/** Keeps one earlier log when the current one has grown large. */
function rotate(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(file, `${file}.1`);
}
