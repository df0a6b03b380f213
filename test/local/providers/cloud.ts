import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { services } from "../../../local/supervisor/services";

/** A local cloud of the test's own: nothing that it holds outlives it. */
export interface TestCloud {
  url: string;
  env: Record<string, string>;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Starts MiniStack as the supervisor does (enforcement on), on a free port, with its data in `home`. */
export async function startCloud(home: string): Promise<TestCloud> {
  const port = await freePort();
  const credentials = { region: "us-east-1", accessKeyId: "test", secretAccessKey: "test" };
  const ports = {
    inbox: await freePort(),
    cloud: port,
    sagemaker: await freePort(),
    redshift: await freePort(),
    control: await freePort(),
  };
  const settings = { home, ports, accountId: "000000000000", executor: "process" as const, ...credentials };
  const service = services(settings).find(({ name }) => name === "cloud")!;
  mkdirSync(join(home, "cloud", "tmp"), { recursive: true });
  const log = openSync(join(home, "cloud.log"), "a");
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...service.env, SLIPWAY_INBOX_URL: "" };
  const child = spawn(service.command[0]!, service.command.slice(1), { env, stdio: ["ignore", log, log] });
  await untilHealthy(child, service.healthUrl, join(home, "cloud.log"));
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ENDPOINT_URL_SAGEMAKER: `http://127.0.0.1:${ports.sagemaker}`,
      AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS: `http://127.0.0.1:${ports.redshift}`,
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    },
    async stop() {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(hard);
    },
  };
}

async function untilHealthy(child: ChildProcess, url: string, log: string): Promise<void> {
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`MiniStack ended while it started. Its last words are in ${log}`);
}
