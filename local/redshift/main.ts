/**
 * The local Redshift: a server that speaks the protocols of the Redshift Data API and of Redshift Serverless, and runs
 * statements on DuckDB. It asks the local cloud (MiniStack) for permissions, roles, secrets and S3.
 */
import { type ServerType, serve } from "@hono/node-server";
import { Command, InvalidArgumentError } from "commander";
import { join, resolve } from "node:path";
import { Cloud } from "../sagemaker/aws/cloud";
import { findServiceModels, ServiceModel } from "../sagemaker/protocol/service-model";
import { projectRoot } from "../state";
import { Warehouse } from "./engine/warehouse";
import type { Platform } from "./platform";
import { Stores } from "./records";
import { Secrets } from "./secrets";
import { createApp } from "./server";
import type { Settings } from "./settings";
import { Statements } from "./statements";

const host = "127.0.0.1";
const redshift = {
  principals: ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"],
  sessionName: "RedshiftIamRoleSession",
};

function parseArguments(): Settings & { port: number } {
  return new Command("redshift")
    .description(
      "Redshift Serverless on this machine, for clients that have its address as their endpoint URL",
    )
    .requiredOption("--port <number>", "port of 127.0.0.1 to listen on; 0 for any", parsePort)
    .requiredOption("--home <folder>", "folder that keeps everything", (folder) => resolve(folder))
    .requiredOption("--cloud-url <url>", "address of the local cloud")
    .requiredOption("--region <region>", "AWS region to be")
    .requiredOption("--account-id <id>", "AWS account to be")
    .option("--service-models <folder>", "botocore's data folder (default: that of the project's .venv)")
    .parse()
    .opts<Settings & { port: number }>();
}

function parsePort(value: string): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}

function createPlatform(settings: Settings): Platform {
  const models = settings.serviceModels ?? findServiceModels(join(projectRoot, ".venv"));
  const stores = new Stores(settings.home);
  const cloud = new Cloud(settings, redshift);
  const warehouse = new Warehouse(join(settings.home, "redshift"));
  return {
    ...{ settings, stores, cloud, warehouse },
    secrets: new Secrets(settings),
    statements: new Statements(stores, warehouse, cloud, settings.home),
    models: {
      data: ServiceModel.load(models, "redshift-data"),
      serverless: ServiceModel.load(models, "redshift-serverless"),
    },
  };
}

function listen(platform: Platform, port: number): Promise<ServerType> {
  return new Promise((done, fail) => {
    const server = serve({ fetch: createApp(platform).fetch, port, hostname: host }, (address) => {
      console.log(`The local Redshift listens on http://${host}:${address.port}`);
      done(server);
    });
    server.on("error", fail);
  });
}

async function main(): Promise<void> {
  const { port, ...settings } = parseArguments();
  const platform = createPlatform(settings);
  const server = await listen(platform, port);
  let ending: Promise<void> | undefined;
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, () => {
      ending ??= end(platform, server).then(
        () => process.exit(0),
        (error: Error) => {
          console.error(error.stack);
          process.exit(1);
        },
      );
    });
  }
}

/** Aborts what runs, and writes the databases to disk. */
async function end(platform: Platform, server: ServerType): Promise<void> {
  server.close();
  await platform.statements.close();
  await platform.warehouse.close();
}

main().catch((error: Error) => {
  console.error(`The local Redshift cannot start: ${error.message}`);
  process.exit(1);
});
