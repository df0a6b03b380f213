/**
 * The supervisor: a process of its own that keeps the laptop target's servers running.
 *
 * Started by `startLocal` with its settings as one JSON argument. It listens on a control port of 127.0.0.1
 * (`GET /status`, `POST /stop`), writes `state.json` once everything is ready, and ends its servers when it ends.
 */
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeState, writeState } from "../state";
import { Child } from "./child";
import { type ServiceSettings, serviceNames, services, url } from "./services";

async function main(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? "") as ServiceSettings;
  const { home, ports } = settings;
  const logDir = join(home, "logs");
  mkdirSync(logDir, { recursive: true });
  rmSync(join(home, "cloud", "tmp"), { recursive: true, force: true });
  mkdirSync(join(home, "cloud", "tmp"), { recursive: true });

  const children = new Map(services(settings).map((service) => [service.name, new Child(service, logDir)]));
  let error: string | undefined;
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= stopAll(children, home));

  const control = new Hono();
  control.get("/status", (c) =>
    c.json({
      pid: process.pid,
      home,
      error,
      services: [...children.values()].map(({ service, status, pid, restarts, logFile }) => ({
        ...{ name: service.name, status, pid, restarts, logFile, url: new URL(service.healthUrl).origin },
      })),
    }),
  );
  control.post("/stop", async (c) => {
    await end();
    setTimeout(() => process.exit(0), 50); // after the answer has left
    return c.json({ stopped: true });
  });
  serve({ fetch: control.fetch, port: ports.control, hostname: "127.0.0.1" });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => void end().then(() => process.exit(0)));
  }

  try {
    await startAll(children);
    const { region, accountId, executor, accessKeyId, secretAccessKey } = settings;
    writeState(
      {
        ...{ pid: process.pid, region, accountId, executor, accessKeyId, secretAccessKey },
        ...{ cloudUrl: url(ports.cloud), sagemakerUrl: url(ports.sagemaker), inboxUrl: url(ports.inbox) },
        ...{ controlUrl: url(ports.control), startedAt: new Date().toISOString() },
      },
      home,
    );
  } catch (failure) {
    error = (failure as Error).message; // `startLocal` reads it from /status and then asks to stop
  }
}

async function startAll(children: Map<string, Child>): Promise<void> {
  const started = new Map<string, Promise<void>>();
  for (const child of children.values()) {
    const needs = child.service.after.map((name) => started.get(name));
    started.set(
      child.service.name,
      Promise.all(needs).then(() => child.start()),
    );
  }
  await Promise.all(started.values());
}

async function stopAll(children: Map<string, Child>, home: string): Promise<void> {
  for (const name of [...serviceNames].reverse()) await children.get(name)?.stop();
  removeState(home);
}

main().catch((failure: Error) => {
  console.error(failure.message);
  process.exit(1);
});
