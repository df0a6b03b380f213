import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { tail } from "../logs";
import { projectRoot } from "../state";
import { type Service, venvPython } from "./services";

const healthyWithinMs = 60_000;
const maxCrashesPerMinute = 5;
const firstPauseMs = 100;
const maxLogBytes = 20 * 1024 * 1024;

export type ChildStatus = "starting" | "running" | "not answering" | "restarting" | "failed" | "stopped";

/** One supervised server: started through the leash, so that it never outlives this process; restarted when it crashes. */
export class Child {
  status: ChildStatus = "starting";
  restarts = 0;
  /** Process id of the leash, which is the head of the server's process tree. */
  pid: number | undefined;
  /** Why it was restarted or given up on, the last time. */
  problem: string | undefined;
  private process: ChildProcess | undefined;
  private exited: Promise<string> = Promise.resolve("");
  private crashes: number[] = [];
  private readonly stopping = new AbortController();

  constructor(
    readonly service: Service,
    private readonly logDir: string,
  ) {}

  get logFile(): string {
    return join(this.logDir, `${this.service.name}.log`);
  }

  /** Starts the server, resolves when it is ready and keeps it running from then on. @throws Error when it does not start. */
  async start(): Promise<void> {
    if (this.stopping.signal.aborted) throw new Error(`${this.service.name} was stopped before it started.`);
    this.spawn();
    const problem = await this.untilHealthy();
    if (problem) {
      this.status = "failed";
      throw new Error(problem);
    }
    void this.keepRunning();
  }

  /** Ends the server (SIGTERM, then SIGKILL by the leash) and resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.end();
    this.status = "stopped";
  }

  /** The status now: a running server is asked. */
  async currentStatus(): Promise<ChildStatus> {
    if (this.status !== "running" || (await this.answers())) return this.status;
    return this.status === "running" ? "not answering" : this.status;
  }

  private spawn(): void {
    rotate(this.logFile);
    const log = openSync(this.logFile, "a");
    const child = spawn(venvPython, [join(projectRoot, "local/leash.py"), "--", ...this.service.command], {
      cwd: projectRoot,
      env: { ...forServers(process.env), ...this.service.env },
      stdio: ["pipe", log, log],
    });
    closeSync(log);
    child.stdin?.on("error", () => undefined); // the leash has gone: its exit is handled
    this.process = child;
    this.pid = child.pid;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) =>
        resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`),
      );
      child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    });
  }

  private async end(): Promise<void> {
    this.process?.stdin?.end(); // the leash ends everything at end of file
    await this.exited;
  }

  /** Restarts the server whenever it ends, with growing pauses, until it is stopped or crashes too often. */
  private async keepRunning(): Promise<void> {
    const { name } = this.service;
    for (;;) {
      const reason = await this.exited;
      if (this.stopping.signal.aborted) return;
      const now = Date.now();
      this.crashes = [...this.crashes.filter((at) => now - at < 60_000), now];
      this.problem = `${name} ${reason} at ${new Date(now).toISOString()}`;
      console.error(this.problem);
      if (this.crashes.length > maxCrashesPerMinute) {
        this.status = "failed";
        console.error(`${name} is given up on after ${this.crashes.length} crashes in a minute.`);
        return;
      }
      this.status = "restarting";
      this.restarts += 1;
      const pause = firstPauseMs * 2 ** (this.crashes.length - 1);
      await sleep(pause, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      if (this.stopping.signal.aborted) return;
      this.spawn();
      if (await this.untilHealthy()) await this.end(); // one that hangs counts as crashed
    }
  }

  /** Resolves to undefined when the server is ready, else to what is wrong with it. */
  private async untilHealthy(): Promise<string | undefined> {
    const { name, healthUrl } = this.service;
    let ended: string | undefined;
    void this.exited.then((reason) => (ended = reason));
    const deadline = Date.now() + healthyWithinMs;
    while (!ended && Date.now() < deadline) {
      if ((await this.answers()) && !ended) {
        this.status = "running";
        return undefined;
      }
      await sleep(25);
    }
    const lastLine = tail(this.logFile, 1)[0] ?? "";
    const said = lastLine ? ` Its log ${this.logFile} ends: ${lastLine.trim()}` : ` See ${this.logFile}.`;
    return ended
      ? `The laptop target's ${name} ${ended} while it started.${said}`
      : `The laptop target's ${name} did not answer ${healthUrl} within ${healthyWithinMs / 1000} s.${said}`;
  }

  private async answers(): Promise<boolean> {
    const answer = await fetch(this.service.healthUrl, { signal: AbortSignal.timeout(2000) }).catch(
      () => undefined,
    );
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }
}

/**
 * The environment for the servers. The caller's own AWS settings must not reach them (a profile or an endpoint would
 * redirect them), and they talk to one another directly, whatever proxy there is.
 */
function forServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith("AWS_"));
  const direct = [env.NO_PROXY ?? env.no_proxy, "127.0.0.1", "localhost"].filter(Boolean).join(",");
  return { ...Object.fromEntries(kept), NO_PROXY: direct, no_proxy: direct };
}

/** Keeps one earlier log when the current one has grown large. */
function rotate(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > maxLogBytes) renameSync(file, `${file}.1`);
}
