import { type ServerType, serve } from "@hono/node-server";
import { InvalidArgumentError } from "commander";
import { Hono } from "hono";
import { awsError, logged } from "./aws-json";
import { AwsError } from "./errors";

const host = "127.0.0.1";

/** The `--port` of a server. @throws InvalidArgumentError for what is none. */
export function parsePort(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}

/**
 * A server of AWS's JSON protocol before it has any route: it logs, and answers what it has not and its own failures.
 * @param name what it is called: `The local SageMaker`.
 * @param failureCode the service's error code for its own failures.
 */
export function awsApp(name: string, failureCode: string): Hono {
  const app = new Hono();
  app.use(logged);
  app.notFound((c) =>
    awsError(new AwsError("UnknownOperationException", `${name} has no ${c.req.method} ${c.req.path}.`, 404)),
  );
  app.onError((error) => {
    console.error(error.stack);
    return awsError(new AwsError(failureCode, `${name} failed: ${error.message}`, 500));
  });
  return app;
}

/** Listens on this machine only. @param listening is told the address, before any request is answered. */
export function listen(app: Hono, port: number, listening: (url: string) => void): Promise<ServerType> {
  return new Promise((done, fail) => {
    const server = serve({ fetch: app.fetch, port, hostname: host }, (address) => {
      listening(`http://${host}:${address.port}`);
      done(server);
    });
    server.on("error", fail);
  });
}

/** Ends the process by `end` at the first signal; with exit code 1 when that fails. */
export function endAtSignal(end: () => Promise<void>): void {
  let ending: Promise<void> | undefined;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      ending ??= end().then(
        () => process.exit(0),
        (error: Error) => {
          console.error(error.stack);
          process.exit(1);
        },
      );
    });
  }
}
