import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { type Executor, type LocalState, localHome, projectRoot, readState, removeState } from "../state";
import { withLock } from "./lock";
import { type Ports, type ServiceSettings, url, venvPython } from "./services";

const startWithinMs = 90_000;
const portVariables: Record<keyof Ports, string> = {
  cloud: "SLIPWAY_CLOUD_PORT",
  sagemaker: "SLIPWAY_SAGEMAKER_PORT",
  inbox: "SLIPWAY_INBOX_PORT",
  control: "SLIPWAY_CONTROL_PORT",
};

export interface ServiceStatus {
  name: string;
  status: string;
  pid?: number;
  restarts: number;
  logFile: string;
  url: string;
}

/** What the supervisor says of itself. */
export interface LocalStatus {
  pid: number;
  home: string;
  error?: string;
  services: ServiceStatus[];
}

/** The running laptop target with its servers' status, or undefined when it does not run. */
export async function localStatus(home = localHome()): Promise<{ state: LocalState; status: LocalStatus } | undefined> {
  const state = readState(home);
  if (!state) return undefined;
  const status = await supervisorStatus(state.controlUrl);
  return status?.home === home ? { state, status } : undefined;
}

/**
 * Starts the laptop target, or finds it running. Ports stay what they were the last time, so that URLs keep.
 * @throws Error in one paragraph when something is missing, a port is taken or a server does not start.
 */
export async function startLocal(options: { executor?: Executor; home?: string } = {}): Promise<LocalState> {
  const home = options.home ?? localHome();
  const executor = options.executor ?? executorFromEnvironment();
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return withLock(join(home, "start.lock"), "slipway local start", async () => {
    const running = await localStatus(home);
    if (running && running.state.executor === executor) return running.state;
    if (running) await stopLocal(home);
    removeState(home); // left behind by a crash
    if (!existsSync(venvPython)) {
      throw new Error("The project's Python environment (.venv) is not there. Run 'make setup', then try again.");
    }
    const ports = await choosePorts(home);
    const controlUrl = url(ports.control);
    spawnSupervisor({ home, ports, executor, ...account() });
    return untilReady(home, controlUrl);
  });
}

/** Stops the laptop target; its data stays for the next start. @returns false when it was not running. */
export async function stopLocal(home = localHome()): Promise<boolean> {
  const running = await localStatus(home);
  if (!running) {
    removeState(home);
    return false;
  }
  await requestStop(running.state.controlUrl);
  return true;
}

/** Stops the laptop target and forgets everything it held: buckets, endpoints, images, emails, Pulumi state. */
export async function resetLocal(home = localHome()): Promise<void> {
  await stopLocal(home);
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

export function executorFromEnvironment(): Executor {
  const value = process.env.SLIPWAY_EXECUTOR || "process";
  if (value !== "process" && value !== "docker") {
    throw new Error(`SLIPWAY_EXECUTOR is '${value}'. Set it to 'process' (the default, no Docker needed) or 'docker'.`);
  }
  return value;
}

const account = () => ({
  region: "us-east-1",
  accountId: "000000000000",
  accessKeyId: "test",
  secretAccessKey: "test",
});

async function choosePorts(home: string): Promise<Ports> {
  const file = join(home, "ports.json");
  const recorded = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Partial<Ports>) : {};
  const ports: Partial<Ports> = {};
  for (const name of Object.keys(portVariables) as (keyof Ports)[]) {
    const variable = portVariables[name];
    const wanted = Number(process.env[variable] ?? recorded[name] ?? 0);
    if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535) {
      throw new Error(`${variable} is '${process.env[variable]}'. Give a port number from 1 to 65535, or leave it unset.`);
    }
    ports[name] = await freePort(wanted).catch(() => {
      throw new Error(
        `Port ${wanted} of the laptop target (${name}) is taken by another program. ` +
          `Stop that program, or choose another port with ${variable}=<port> (the URLs then change: run 'slipway up local').`,
      );
    });
  }
  writeFileSync(file, JSON.stringify(ports));
  return ports as Ports;
}

/** Resolves to `wanted` when it can be listened on, or to any free port for 0. */
async function freePort(wanted: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(wanted, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : wanted;
}

function spawnSupervisor(settings: ServiceSettings): void {
  const log = openSync(join(settings.home, "supervisor.log"), "a");
  const tsx = pathToFileURL(require.resolve("tsx")).href;
  const main = join(projectRoot, "local", "supervisor", "main.ts");
  spawn(process.execPath, ["--import", tsx, main, JSON.stringify(settings)], {
    cwd: projectRoot,
    detached: true, // it outlives this command, and a Ctrl-C of this terminal
    stdio: ["ignore", log, log],
  }).unref();
}

async function untilReady(home: string, controlUrl: string): Promise<LocalState> {
  const deadline = Date.now() + startWithinMs;
  const interrupted = () => void requestStop(controlUrl).then(() => process.exit(130));
  process.once("SIGINT", interrupted);
  try {
    while (Date.now() < deadline) {
      const state = readState(home);
      if (state) return state;
      const error = (await supervisorStatus(controlUrl))?.error;
      if (error) {
        await requestStop(controlUrl);
        throw new Error(error);
      }
      await sleep(50);
    }
  } finally {
    process.off("SIGINT", interrupted);
  }
  await requestStop(controlUrl);
  throw new Error(`The laptop target did not start within 90 s. See ${join(home, "supervisor.log")} and ${join(home, "logs")}.`);
}

async function supervisorStatus(controlUrl: string): Promise<LocalStatus | undefined> {
  const answer = await fetch(`${controlUrl}/status`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  return answer?.ok ? ((await answer.json()) as LocalStatus) : undefined;
}

async function requestStop(controlUrl: string): Promise<void> {
  await fetch(`${controlUrl}/stop`, { method: "POST", signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
}
