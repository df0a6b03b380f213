// What the public API adds to the endpoint behind it: npx tsx bench/api/run.ts [requests] [seconds of load] [pause after a request, ms]
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import autocannon from "autocannon";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { quantile } from "simple-statistics";
import { exampleRecord } from "../../automation/project";
import { bundledFiles } from "../../components/lambda/bundle";
import { Workshop } from "../../test/e2e/workshop";

/** Without a pause a request meets the work of telling the subscribers of those before it. */
const [requests = 300, seconds = 5, pause = 0] = process.argv.slice(2).map(Number);
const many = 10_000;
const body = JSON.stringify(exampleRecord());
const laptop = new Workshop();

interface Demo {
  predictionUrl: string;
  apiKey: string;
}

/** Of a request, in the Lambda; milliseconds. */
type Times = Record<"Latency" | "ModelTime" | "QueueTime", number>;

/** Milliseconds as `p50 1.23 ms, p99 4.56 ms`. */
const spread = (times: number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function main(): Promise<void> {
  measureBundle();
  laptop.configure("local", {
    ...{ requestsPerSecond: many, burst: many, totalRequestsPerSecond: many, totalBurst: many },
  });
  const demo = await laptop.json<Demo>("demo");
  await compare(demo);
  await load(demo);
  console.log(`load average ${loadavg()[0]?.toFixed(1)}`);
}

/** Bytes of the predict Lambda's bundle, and how long Node takes to load it. */
function measureBundle(): void {
  const folder = join(laptop.home, "predict");
  mkdirSync(folder, { recursive: true });
  const files = Object.entries(bundledFiles("predict"));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  const env = {
    ...{ PATH: process.env.PATH, AWS_REGION: "us-east-1", STACK: "dev", ENDPOINT_NAME: "slipway-dev" },
    ...{
      RESULTS_QUEUE_URL: "http://127.0.0.1/q",
      STATE_TABLE: "state",
      RELEASE_KEY_ID: "k",
      ALLOWED_ORIGINS: "",
      ANNOUNCING: "{}",
    },
  };
  const program = `
    const before = process.cpuUsage(), began = performance.now();
    require("./index.js");
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify([performance.now() - began, (user + system) / 1000]));`;
  const loads = Array.from({ length: 21 }, () => {
    const node = spawnSync(process.execPath, ["-e", program], { cwd: folder, env, encoding: "utf8" });
    if (node.status !== 0) throw new Error(`the predict bundle does not load: ${node.stderr}`);
    return JSON.parse(node.stdout) as [number, number];
  });
  console.log(`bundle: ${files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)} bytes`);
  console.log(`load: ${spread(loads.map(([wall]) => wall))}`);
  console.log(`load, processor time: ${spread(loads.map(([, cpu]) => cpu))}`);
}

/** The same record by the public URL and straight to the endpoint, in turns; and what the Lambda itself measured. */
async function compare({ predictionUrl, apiKey }: Demo): Promise<void> {
  const runtime = new SageMakerRuntimeClient(await laptop.client("sagemaker-runtime"));
  const ask = async () => {
    const response = await fetch(predictionUrl, {
      ...{ method: "POST", body },
      headers: { "content-type": "application/json", "x-api-key": apiKey },
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${predictionUrl} answered ${response.status}: ${text}`);
  };
  const invoke = async () => {
    const command = new InvokeEndpointCommand({
      ...{ EndpointName: "slipway-local-serverless", ContentType: "application/json" },
      Body: `{"instances":[${body}]}`,
    });
    (await runtime.send(command)).Body.transformToString();
  };
  for (let warm = 0; warm < 20; warm++) await Promise.all([ask(), invoke()]);
  const since = Date.now();
  const [api, endpoint]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < requests; turn++) {
    api.push(await timed(ask));
    await sleep(pause);
    endpoint.push(await timed(invoke));
  }
  const [throughApi, direct] = [quantile(api, 0.5), quantile(endpoint, 0.5)];
  console.log(`public URL: ${spread(api)}`);
  console.log(`endpoint: ${spread(endpoint)}`);
  console.log(
    `at p50: ${(throughApi / direct).toFixed(1)} times, ${(throughApi - direct).toFixed(2)} ms more`,
  );
  const measured = await lambdaMetrics(since);
  console.log(`inside the Lambda: ${spread(measured.map(({ Latency }) => Latency))}`);
  console.log(`InvokeEndpoint in it: ${spread(measured.map(({ ModelTime }) => ModelTime))}`);
  console.log(`SendMessage in it: ${spread(measured.map(({ QueueTime }) => QueueTime))}`);
  const lambda = quantile(
    measured.map(({ Latency }) => Latency),
    0.5,
  );
  console.log(`at p50, ${(lambda - direct).toFixed(2)} ms more than the endpoint asked directly`);
  console.log(
    `what it adds to its own InvokeEndpoint: ${spread(measured.map((times) => times.Latency - times.ModelTime))}`,
  );
  console.log(
    `without SendMessage: ${spread(measured.map((times) => times.Latency - times.ModelTime - times.QueueTime))}`,
  );
}

/** The embedded metrics of the predict Lambda's log since a time (milliseconds). */
async function lambdaMetrics(startTime: number): Promise<Times[]> {
  const logs = new CloudWatchLogsClient(await laptop.client("logs"));
  const found: Times[] = [];
  let nextToken: string | undefined;
  do {
    const page = await logs.send(
      new FilterLogEventsCommand({ logGroupName: "/aws/lambda/slipway-local-predict", startTime, nextToken }),
    );
    for (const { message = "" } of page.events ?? []) {
      if (message.includes('"ModelTime"')) found.push(JSON.parse(message) as Times);
    }
    nextToken = page.nextToken;
  } while (nextToken);
  return found;
}

/** As many requests as eight connections can make. */
async function load({ predictionUrl, apiKey }: Demo): Promise<void> {
  const result = await autocannon({
    ...{ url: predictionUrl, method: "POST", body, connections: 8, duration: seconds },
    headers: { "content-type": "application/json", "x-api-key": apiKey },
  });
  const { requests: rate, latency, non2xx, errors } = result;
  console.log(
    `load, 8 connections: ${rate.average.toFixed(0)} requests/s, p50 ${latency.p50} ms, p99 ${latency.p99} ms, ` +
      `${non2xx} not 200, ${errors} without an answer`,
  );
}

void main().finally(() => laptop.remove());
