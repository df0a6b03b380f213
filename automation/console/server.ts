import { serve, type ServerType } from "@hono/node-server";
import { setMaxListeners } from "node:events";
import { type AddressInfo } from "node:net";
import { UserError } from "../errors";
import { interruptSignal } from "../interrupt";
import { type Output } from "../output";
import { type Target } from "../target";
import { consoleApp } from "./app";
import { buildAssets } from "./assets";
import { LookedAt, sourcesOf } from "./sources";
import { type SectionName } from "./sections";
import { Watch } from "./watch";

/** A console that runs. */
export interface Console {
  url: string;
  /** Ends it. */
  close(): void;
}

/**
 * Opens the console of a stack on 127.0.0.1; it ends with the command, or before by `close`.
 * @param port 0 for any.
 * @throws UserError when the port is taken.
 */
export async function openConsole(stack: string, target: Target, output: Output, port = 0): Promise<Console> {
  const lookedAt = new LookedAt(stack, target, quiet(output));
  const watch = new Watch(sourcesOf(lookedAt));
  const server = await listen(consoleApp(lookedAt, watch, buildAssets(stack)), port);
  const ended = new AbortController();
  const signal = AbortSignal.any([interruptSignal, ended.signal]);
  setMaxListeners(0, signal); // two for each section
  const stopWatching = target.laptop ? await nudgedByLaptop(watch) : () => undefined;
  watch.on("section", (name) => {
    // As soon as the stack is up, all of it is looked at; a release changes what it consists of.
    if (name === "stack") watch.nudge(Object.keys(watch.sources) as SectionName[]);
    if (name === "endpoint") watch.nudge(["cost", "pictures"]);
  });
  void watch.run(signal);
  signal.addEventListener("abort", () => {
    stopWatching();
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
  const { port: taken } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${taken}/`, close: () => ended.abort() };
}

/** The console looks again and again; its looks are not the command's progress. */
const quiet = (output: Output): Output => ({
  ...output,
  step: (_, work) => work({ now: () => undefined, result: () => undefined }),
  note: () => undefined,
});

/** On a laptop the servers' own files say when something has changed. */
async function nudgedByLaptop(watch: Watch): Promise<() => void> {
  const { watchLaptop } = await import("../../local/changes.ts");
  return watchLaptop({
    sagemaker: () => watch.nudge(["jobs", "endpoint", "releases"]),
    cloud: () => watch.nudge(["traffic", "data", "releases", "alarms", "messages", "monitor"]),
    inbox: () => watch.nudge(["messages"]),
  });
}

function listen({ fetch }: ReturnType<typeof consoleApp>, port: number): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: "127.0.0.1" }, () => resolve(server));
    server.on("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new UserError(
              `Port ${port} is taken. Give another one with --port, or none, and a free one is taken.`,
            )
          : error,
      ),
    );
  });
}
