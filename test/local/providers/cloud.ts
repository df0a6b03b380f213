import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../local/ports";
import { type Service, type ServiceName, services } from "../../../local/supervisor/services";

/** A local cloud of the test's own: nothing that it holds outlives it. */
export interface TestCloud {
  url: string;
  env: Record<string, string>;
  /** Kills MiniStack, and starts it again with what it had saved. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts MiniStack as the supervisor does (enforcement on), on a free port, with its data in `home`; and `more` of the
 * laptop target's servers.
 */
export async function startCloud(home: string, ...more: ServiceName[]): Promise<TestCloud> {
  const credentials = { region: "us-east-1", accessKeyId: "test", secretAccessKey: "test" };
  const ports = {
    inbox: await freePort(),
    cloud: await freePort(),
    sagemaker: await freePort(),
    redshift: await freePort(),
    control: await freePort(),
  };
  const settings = { home, ports, accountId: "000000000000", executor: "process" as const, ...credentials };
  mkdirSync(join(home, "cloud", "tmp"), { recursive: true });
  const start = (name: ServiceName) => {
    const service = services(settings).find((one) => one.name === name)!;
    return startServer(service, join(home, `${name}.log`));
  };
  const children: ChildProcess[] = [];
  for (const name of ["cloud" as const, ...more]) children.push(await start(name));
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return {
    url: url(ports.cloud),
    env: {
      AWS_ENDPOINT_URL: url(ports.cloud),
      AWS_ENDPOINT_URL_SAGEMAKER: url(ports.sagemaker),
      AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: url(ports.sagemaker),
      AWS_ENDPOINT_URL_REDSHIFT_DATA: url(ports.redshift),
      AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS: url(ports.redshift),
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    async crash() {
      const gone = new Promise((resolve) => children[0]!.once("exit", resolve));
      children[0]!.kill("SIGKILL");
      await gone;
      children[0] = await start("cloud");
    },
    async stop() {
      for (const child of children.reverse()) await end(child);
    },
  };
}

async function startServer({ command, env, healthUrl }: Service, logFile: string): Promise<ChildProcess> {
  const log = openSync(logFile, "a");
  const { PATH, HOME } = process.env;
  const child = spawn(command[0]!, command.slice(1), {
    env: { PATH, HOME, ...env, SLIPWAY_INBOX_URL: "" },
    stdio: ["ignore", log, log],
  });
  await untilHealthy(child, healthUrl, logFile);
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
  await gone;
  clearTimeout(hard);
}

async function untilHealthy(child: ChildProcess, url: string, log: string): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`A server ended while it started. Its last words are in ${log}`);
}
