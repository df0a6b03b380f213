// What the laptop cloud takes: npx tsx bench/laptop.ts [starts] [requests]
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "simple-statistics";
import { exampleRecord } from "../automation/project";
import { clientConfig } from "../local/state";
import { startLocal, stopLocal } from "../local/supervisor/client";
import { Workshop } from "../test/e2e/workshop";

const [starts = 5, requests = 500] = process.argv.slice(2).map(Number);
const laptop = new Workshop();
const EndpointName = "slipway-local-serverless";

async function main(): Promise<void> {
  await laptop.json("demo");
  await measureOverhead();
  await sleep(10_000); // at rest
  console.log(`memory after a demo and ${requests} requests: ${memory()}`);
  const seconds: number[] = [];
  for (let turn = 0; turn < starts; turn++) {
    await stopLocal(laptop.home);
    const began = performance.now();
    await startLocal({ home: laptop.home });
    seconds.push((performance.now() - began) / 1000);
  }
  console.log(`start to ready, with an endpoint: p50 ${quantile(seconds, 0.5).toFixed(2)} s of ${starts}`);
  await sleep(10_000);
  console.log(`memory after a start: ${memory()}`);
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
}

/** Of InvokeEndpoint: what the client waits for, what SageMaker itself takes of it, and the container. */
async function measureOverhead(): Promise<void> {
  const state = await laptop.state();
  const runtime = new SageMakerRuntimeClient(clientConfig(state, "sagemaker-runtime"));
  const input = {
    ...{ EndpointName, ContentType: "application/json" },
    Body: JSON.stringify({ instances: [exampleRecord()] }),
  };
  const since = new Date();
  const waited: number[] = [];
  for (let turn = 0; turn < requests; turn++) {
    const began = performance.now();
    await runtime.send(new InvokeEndpointCommand(input));
    waited.push(performance.now() - began);
  }
  await sleep(2_000); // metrics are put each second
  const cloudWatch = new CloudWatchClient(clientConfig(state));
  const p50 = async (MetricName: string) => {
    const { Datapoints } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        ...{ Namespace: "AWS/SageMaker", MetricName, StartTime: since, EndTime: new Date(), Period: 3600 },
        ExtendedStatistics: ["p50"],
        Dimensions: [
          { Name: "EndpointName", Value: EndpointName },
          { Name: "VariantName", Value: "AllTraffic" },
        ],
      }),
    );
    return Datapoints![0]!.ExtendedStatistics!.p50! / 1000;
  };
  console.log(
    `InvokeEndpoint, p50: ${quantile(waited, 0.5).toFixed(2)} ms for the client, of which SageMaker itself (permissions included) ` +
      `${(await p50("OverheadLatency")).toFixed(2)} ms and the container ${(await p50("ModelLatency")).toFixed(2)} ms`,
  );
}

/** Megabytes of the laptop's processes by what they are (proportional set size: shared pages count once). */
function memory(): string {
  const sums = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      if (!environment.includes(laptop.home) && !command.includes(laptop.home)) continue;
      if (Number(pid) === process.pid) continue;
      const [, kilobytes] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))!;
      const name = nameOf(command);
      sums.set(name, (sums.get(name) ?? 0) + Number(kilobytes) / 1024);
    } catch {
      // gone meanwhile
    }
  }
  const total = [...sums.values()].reduce((sum, one) => sum + one, 0);
  const parts = [...sums].map(([name, megabytes]) => `${name} ${Math.round(megabytes)}`);
  return `${Math.round(total)} MB (${parts.join(", ")})`;
}

const nameOf = (command: string) =>
  /leash\.py/.test(command)
    ? "leashes"
    : (/local\/(\w+)\/|ministack-lambda-([\w-]+)-|(slipway_model)/.exec(command)?.slice(1).find(Boolean) ??
      "other");

main()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  })
  .finally(() => laptop.remove());
