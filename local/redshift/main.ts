/**
 * The local Redshift: a server that speaks the protocols of the Redshift Data API and of Redshift Serverless, and runs
 * statements on DuckDB. It asks the local cloud (MiniStack) for permissions, roles, secrets and S3.
 */
import { type ServerType } from "@hono/node-server";
import { Command } from "commander";
import { join, resolve } from "node:path";
import { Cloud } from "../sagemaker/aws/cloud";
import { findServiceModels, ServiceModel } from "../sagemaker/protocol/service-model";
import { endAtSignal, listen, parsePort } from "../sagemaker/protocol/serving";
import { projectRoot } from "../state";
import { Warehouse } from "./engine/warehouse";
import type { Platform } from "./platform";
import { Stores } from "./records";
import { Secrets } from "./secrets";
import { createApp } from "./server";
import type { Settings } from "./settings";
import { Statements } from "./statements";

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

async function main(): Promise<void> {
  const { port, ...settings } = parseArguments();
  const platform = createPlatform(settings);
  const server = await listen(createApp(platform), port, (url) =>
    console.log(`The local Redshift listens on ${url}`),
  );
  endAtSignal(() => end(platform, server));
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
