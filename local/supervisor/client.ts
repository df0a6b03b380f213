import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Executor, type LocalState, localHome, projectRoot, readState, removeState } from "../state";
import { isLocked, withLock } from "./lock";
import { type Assignment, type LocalStatus, type Outcome } from "./messages";
import { choosePorts, recordedPorts } from "./ports";
import {
  node,
  type Service,
  type ServiceSettings,
  services as allServices,
  url,
  venvPython,
} from "./services";

const startWithinMs = 90_000;
const stopWithinMs = 60_000;
/** Longer than the leash's grace time: how long servers may live on after their supervisor was killed. */
const orphansEndWithinMs = 15_000;
const megabytesToStart = 200;

export interface StartOptions {
  /** How containers run; without it SLIPWAY_EXECUTOR, else as at the last start, else `process`. */
  executor?: Executor;
  home?: string;
  /** The servers, for tests that bring their own. */
  services?: (settings: ServiceSettings) => Service[];
  /** Ends the start, and what was started by it. Without it Ctrl-C and SIGTERM do. */
  signal?: AbortSignal;
}

/** The running laptop target with its servers' status, or undefined when it does not run. */
export async function localStatus(
  home = localHome(),
): Promise<{ state: LocalState; status: LocalStatus } | undefined> {
  const state = readState(home);
  if (!state) return undefined;
  const status = await supervisorStatus(state.controlUrl);
  return status?.home === home ? { state, status } : undefined;
}

/**
 * Starts the laptop target, or finds it running. Ports stay what they were the last time, so that URLs keep.
 * @throws Error in one paragraph when something is missing, a port is taken or a server does not start.
 */
export async function startLocal(options: StartOptions = {}): Promise<LocalState> {
  const home = options.home ?? localHome();
  const executor = options.executor ?? executorOfEnvironment();
  prepareHome(home);
  return withLock(lockFile(home), "slipway local start", async () => {
    const running = await localStatus(home);
    const works = running && !running.status.services.some(({ status }) => status === "failed");
    if (works && (!executor || running.state.executor === executor)) return running.state;
    const wasKilled = !running && readState(home) !== undefined;
    await stopSupervisor(home);
    requireSpace(home, megabytesToStart);
    if (!existsSync(venvPython)) {
      throw new Error(
        "The project's Python environment (.venv) is not there. Run 'make setup', then try again.",
      );
    }
    const ports = await choosePorts(home, wasKilled ? orphansEndWithinMs : 0);
    const settings = { home, ports, executor: rememberExecutor(home, executor), ...account };
    const services = (options.services ?? allServices)(settings);
    await untilReady(spawnSupervisor({ settings, services }), home, options.signal);
    const state = readState(home);
    if (!state) throw new Error("The laptop target was stopped as soon as it had started. Start it again.");
    return state;
  });
}

/**
 * Stops the laptop target, also one that is just starting; its data stays for the next start.
 * @returns false when it was not running.
 * @throws Error when it does not stop.
 */
export async function stopLocal(home = localHome()): Promise<boolean> {
  while (!(await stopSupervisor(home))) {
    if (!isLocked(lockFile(home))) return false;
    await sleep(50); // a start has begun, and its supervisor does not answer yet
  }
  return true;
}

async function stopSupervisor(home: string): Promise<boolean> {
  const controlUrl = await findSupervisor(home);
  if (!controlUrl) {
    removeState(home); // left behind by a crash
    return false;
  }
  await fetch(`${controlUrl}/stop`, { method: "POST", signal: AbortSignal.timeout(stopWithinMs) }).catch(
    () => undefined,
  );
  for (let attempt = 0; attempt < 100; attempt++) {
    const status = await supervisorStatus(controlUrl);
    if (!status) return true;
    await sleep(20);
  }
  throw new Error(
    `The laptop target does not stop. See ${join(home, "logs")}, and end its supervisor with 'kill'.`,
  );
}

/** Stops the laptop target and forgets everything it held: buckets, endpoints, images, emails, Pulumi state. */
export async function resetLocal(home = localHome()): Promise<void> {
  await stopLocal(home);
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** @throws Error for a value that is no executor. */
export function executorOfEnvironment(): Executor | undefined {
  const value = process.env.SLIPWAY_EXECUTOR;
  if (!value) return undefined;
  if (value === "process" || value === "docker") return value;
  throw new Error(
    `SLIPWAY_EXECUTOR is '${value}'. Set it to 'process' (the default, no Docker needed) or 'docker'.`,
  );
}

/** The executor to use now, kept for later starts: the images of endpoints that are to serve again are of its kind. */
function rememberExecutor(home: string, wanted: Executor | undefined): Executor {
  const file = join(home, "executor");
  const last = existsSync(file) ? (readFileSync(file, "utf8") as Executor) : undefined;
  const executor = wanted ?? last ?? "process";
  if (executor !== last) writeFileSync(file, executor);
  return executor;
}

const account = {
  region: "us-east-1",
  accountId: "000000000000",
  accessKeyId: "test",
  secretAccessKey: "test",
};

const lockFile = (home: string) => join(home, "start.lock");

/** Makes the folder of all state. @throws Error in one paragraph when it cannot be written. */
export function prepareHome(home: string): void {
  const probe = join(home, `.probe.${process.pid}`);
  try {
    mkdirSync(join(home, "logs"), { recursive: true, mode: 0o700 });
    writeFileSync(probe, "x");
    rmSync(probe);
  } catch (error) {
    throw new Error(
      `The laptop target keeps its data in ${home}, which cannot be written (${(error as Error).message}). ` +
        "Make room there or give yourself access, or choose another folder with SLIPWAY_LOCAL_HOME=<folder>.",
      { cause: error },
    );
  }
}

/** @throws Error unless the disk of `home` has room: servers without it, and jobs, wait for what cannot be written. */
export function requireSpace(home: string, megabytes: number): void {
  const { bavail, bsize } = statfsSync(home);
  const free = Math.floor((bavail * bsize) / 1024 / 1024);
  if (free >= megabytes) return;
  throw new Error(
    `Only ${free} MB are free on the disk of ${home}; the laptop target needs ${megabytes} MB. ` +
      "Make room there, or choose a folder on another disk with SLIPWAY_LOCAL_HOME=<folder>.",
  );
}

function spawnSupervisor(assignment: Assignment): ChildProcess {
  const log = openSync(join(assignment.settings.home, "logs", "supervisor.log"), "a");
  const [program, ...args] = node("local/supervisor/main.ts", JSON.stringify(assignment));
  const supervisor = spawn(program!, args, {
    cwd: projectRoot,
    detached: true, // it outlives this command, and a Ctrl-C of this terminal
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  return supervisor;
}

/** Resolves when the supervisor says that all is ready. When it does not start, or is not to, rejects after its end. */
async function untilReady(supervisor: ChildProcess, home: string, signal?: AbortSignal): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  const quit = () => supervisor.kill("SIGTERM");
  const either = AbortSignal.any([interruption.signal, ...(signal ? [signal] : [])]);
  if (!signal) for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, interrupt);
  let problem = `The laptop target's supervisor ended while it started. See ${join(home, "logs", "supervisor.log")}.`;
  const timer = setTimeout(() => {
    problem = `The laptop target did not start within ${startWithinMs / 1000} s. See ${join(home, "logs")}.`;
    quit();
  }, startWithinMs);
  either.addEventListener("abort", quit, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      supervisor.once("error", reject);
      supervisor.once("exit", () => reject(new Error(either.aborted ? interrupted : problem)));
      supervisor.on("message", ({ error }: Outcome) => (error ? (problem = error) : resolve()));
      if (either.aborted) quit();
    });
    supervisor.unref();
  } finally {
    clearTimeout(timer);
    either.removeEventListener("abort", quit);
    for (const name of ["SIGINT", "SIGTERM"] as const) process.off(name, interrupt);
  }
}

const interrupted = "Interrupted: the laptop target was not started. Run the same command again to start it.";

/** The control URL of this home's supervisor, whether all is ready or still starting. */
async function findSupervisor(home: string): Promise<string | undefined> {
  const { control } = recordedPorts(home);
  const candidates = [readState(home)?.controlUrl, control && url(control)].filter(
    (one) => typeof one === "string",
  );
  for (const controlUrl of candidates) {
    if ((await supervisorStatus(controlUrl))?.home === home) return controlUrl;
  }
  return undefined;
}

async function supervisorStatus(controlUrl: string): Promise<LocalStatus | undefined> {
  try {
    const answer = await fetch(`${controlUrl}/status`, { signal: AbortSignal.timeout(5000) });
    return answer.ok ? ((await answer.json()) as LocalStatus) : undefined;
  } catch {
    return undefined; // nobody there, or another program
  }
}
