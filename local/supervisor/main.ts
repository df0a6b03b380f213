/**
 * The supervisor: a process of its own that keeps the laptop target's servers running.
 *
 * Started by `startLocal` with its `Assignment` as one JSON argument. It listens on a control port of 127.0.0.1
 * (`GET /status`, `POST /stop`), writes `state.json` once everything is ready, tells its starter how the start went
 * (an `Outcome` over the IPC channel, if there is one), and ends its servers when it ends.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { removeState, writeState } from "../state";
import { Child } from "./child";
import { type Assignment, type LocalStatus, type Outcome } from "./messages";
import { type ServiceSettings, url } from "./services";

async function main(): Promise<void> {
  const { settings, services } = JSON.parse(process.argv[2] ?? "") as Assignment;
  const { home } = settings;
  makeFolders(home);
  const children = services.map((service) => new Child(service, join(home, "logs")));

  let ending: Promise<void> | undefined;
  const end = () => (ending ??= stopAll(children, home));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => void end().then(() => process.exit(0)));
  }
  await listen(settings, children, end);

  const problem = await startAll(children)
    .then(() => (ending ? undefined : announce(settings)))
    .catch((error: Error) => error.message);
  if (ending) {
    await report({ error: "The laptop target was stopped while it started." });
  } else if (problem) {
    await end();
    await report({ error: problem });
    process.exit(1);
  } else {
    await report({});
  }
}

function makeFolders(home: string): void {
  mkdirSync(join(home, "logs"), { recursive: true });
  rmSync(join(home, "cloud", "tmp"), { recursive: true, force: true });
  mkdirSync(join(home, "cloud", "tmp"), { recursive: true });
}

/** Opens the control port. */
async function listen(
  { home, ports }: ServiceSettings,
  children: Child[],
  end: () => Promise<void>,
): Promise<void> {
  const control = new Hono();
  control.get("/status", async (c) => {
    const services = await Promise.all(
      children.map(async (child) => ({
        name: child.service.name,
        status: await child.currentStatus(),
        pid: child.pid,
        restarts: child.restarts,
        problem: child.problem,
        logFile: child.logFile,
        url: new URL(child.service.healthUrl).origin,
      })),
    );
    return c.json({ pid: process.pid, home, services } satisfies LocalStatus);
  });
  control.post("/stop", async (c) => {
    await end();
    setTimeout(() => process.exit(0), 50); // after the answer has left
    return c.json({ stopped: true });
  });
  await new Promise<void>((resolve, reject) => {
    serve({ fetch: control.fetch, port: ports.control, hostname: "127.0.0.1" }, () => resolve()).once(
      "error",
      reject,
    );
  });
}

/** Starts each server once those that it needs are ready. */
async function startAll(children: Child[]): Promise<void> {
  const started = new Map<string, Promise<void>>();
  for (const child of children) {
    const needs = child.service.after.map((name) => started.get(name) ?? Promise.resolve());
    const start = Promise.all(needs).then(() => child.start());
    started.set(child.service.name, start);
  }
  await Promise.all(started.values());
}

async function stopAll(children: Child[], home: string): Promise<void> {
  removeState(home);
  for (const child of [...children].reverse()) await child.stop();
}

/** Tells everyone that the laptop target is ready. */
function announce({ home, ports, ...account }: ServiceSettings): undefined {
  const urls = {
    cloudUrl: url(ports.cloud),
    sagemakerUrl: url(ports.sagemaker),
    redshiftUrl: url(ports.redshift),
    inboxUrl: url(ports.inbox),
    controlUrl: url(ports.control),
  };
  writeState({ pid: process.pid, ...account, ...urls, startedAt: new Date().toISOString() }, home);
}

/** Tells the starter, if it is still there. */
async function report(outcome: Outcome): Promise<void> {
  if (!process.connected) return;
  await new Promise((resolve) => process.send?.(outcome, resolve));
  process.disconnect?.();
}

main().catch(async (error: Error) => {
  console.error(error.message);
  await report({ error: `The laptop target's supervisor did not start: ${error.message}` });
  process.exit(1);
});
