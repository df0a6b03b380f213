/**
 * The local SageMaker: a server that speaks SageMaker's wire protocols and runs the containers on this machine.
 * It asks the local cloud (MiniStack) for permissions, credentials, S3, logs, metrics and events.
 */
import { type ServerType } from "@hono/node-server";
import { Command, Option } from "commander";
import { join, resolve } from "node:path";
import { projectRoot } from "../state";
import { TargetTracking } from "./autoscaling/target-tracking";
import { Cloud } from "./aws/cloud";
import { ContainerCredentials } from "./container-credentials";
import { Endpoints } from "./endpoints/endpoints";
import { Events } from "./events";
import { DockerExecutor } from "./executors/docker";
import { ProcessExecutor } from "./executors/process";
import { Jobs } from "./jobs/jobs";
import { EndpointMetrics } from "./metrics";
import type { Foundation, Platform } from "./platform";
import { ServiceModel, findServiceModels } from "./protocol/service-model";
import { endAtSignal, listen, parsePort } from "./protocol/serving";
import { Stores } from "./records";
import { createApp } from "./server";
import type { Settings } from "./settings";

function parseArguments(): Settings & { port: number } {
  return new Command("sagemaker")
    .description("SageMaker on this machine, for clients that have its address as their endpoint URL")
    .requiredOption("--port <number>", "port of 127.0.0.1 to listen on; 0 for any", parsePort)
    .requiredOption("--home <folder>", "folder that keeps everything", (folder) => resolve(folder))
    .requiredOption("--cloud-url <url>", "address of the local cloud")
    .requiredOption("--region <region>", "AWS region to be")
    .requiredOption("--account-id <id>", "AWS account to be")
    .addOption(
      new Option("--executor <kind>", "how containers run").choices(["process", "docker"]).default("process"),
    )
    .option("--service-models <folder>", "botocore's data folder (default: that of the project's .venv)")
    .parse()
    .opts<Settings & { port: number }>();
}

function createPlatform(settings: Settings): Platform {
  const { home, cloudUrl } = settings;
  const cloud = new Cloud(settings);
  const models = settings.serviceModels ?? findServiceModels(join(projectRoot, ".venv"));
  const foundation: Foundation = {
    settings,
    stores: new Stores(home),
    cloud,
    events: new Events(cloudUrl),
    metrics: new EndpointMetrics(cloud.cloudWatch),
    executor: settings.executor === "docker" ? new DockerExecutor(home) : new ProcessExecutor(),
    containerCredentials: new ContainerCredentials(settings),
  };
  return {
    ...foundation,
    models: {
      sagemaker: ServiceModel.load(models, "sagemaker"),
      runtime: ServiceModel.load(models, "sagemaker-runtime"),
      autoscaling: ServiceModel.load(models, "application-autoscaling"),
    },
    jobs: new Jobs(foundation),
    endpoints: new Endpoints(foundation),
  };
}

async function main(): Promise<void> {
  const { port, ...settings } = parseArguments();
  const platform = createPlatform(settings);
  await platform.executor.open(platform.settings.cloudUrl);
  const server = await listen(createApp(platform), port, (url) => {
    platform.containerCredentials.serverUrl = url;
    console.log(`The local SageMaker listens on ${url} (executor: ${platform.settings.executor})`);
  });
  await platform.executor.expose(platform.containerCredentials.serverUrl);
  platform.jobs.recover();
  platform.endpoints.recover();
  const tracking = new TargetTracking(platform, platform.endpoints);
  endAtSignal(() => {
    tracking.close();
    return end(platform, server);
  });
}

/** Ends all containers; jobs become Failed, endpoints stay for the next start. */
async function end(platform: Platform, server: ServerType): Promise<void> {
  server.close();
  const jobs = platform.jobs.interrupt();
  await platform.endpoints.close();
  await jobs;
  await Promise.all([platform.metrics.close(), platform.events.flush()]);
}

main().catch((error: Error) => {
  console.error(`The local SageMaker cannot start: ${error.message}`);
  process.exit(1);
});
