/** The inbox: `main.ts --port PORT --home FOLDER` keeps the emails below FOLDER/inbox and shows them on 127.0.0.1:PORT. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { serve } from "@hono/node-server";
import { inboxApp } from "./app";
import { EmailStore } from "./store";

function main(): void {
  const { values } = parseArgs({ options: { port: { type: "string" }, home: { type: "string" } } });
  const port = Number(values.port);
  if (!values.home || !values.port || !Number.isInteger(port)) {
    throw new Error("usage: main.ts --port PORT --home FOLDER");
  }
  const store = new EmailStore(join(values.home, "inbox"));
  const server = serve({ fetch: inboxApp(store).fetch, port, hostname: "127.0.0.1" }, (address) =>
    console.log(`inbox: http://127.0.0.1:${address.port}`),
  );
  server.on("error", fail);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
}

function fail(error: Error): void {
  console.error(`inbox: ${error.message}`);
  process.exit(1);
}

try {
  main();
} catch (error) {
  fail(error as Error);
}
