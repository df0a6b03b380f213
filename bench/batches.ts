import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Workshop } from "../test/e2e/workshop";

/**
 * How many rows a second a batch has, from the end of its upload to its results, through the laptop's public URL: by the
 * endpoint and by a transform job. The file is the taxi trips over and over. Processor time is that of everything that the
 * laptop cloud runs, so that other work on the machine does not count.
 *
 *     npx tsx bench/batches.ts [rows]
 */

const [rows = "100000"] = process.argv.slice(2);
const [header = "", ...trips] = readFileSync(join(__dirname, "../data/taxis.csv"), "utf8").trim().split("\n");
const file = [header, ...Array.from({ length: Number(rows) }, (_, at) => trips[at % trips.length])].join(
  "\n",
);

interface Demo {
  predictionUrl: string;
  apiKey: string;
}

interface Batch {
  id: string;
  status: string;
  reason?: string;
  upload: { url: string; fields: Record<string, string> };
}

const ticksInSecond = 100;

/** Seconds of processor time that the processes of the laptop cloud have had, those that have ended included. */
function processorSeconds(home: string): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`);
  const ticks = pids.map((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, "latin1").includes(home)) return 0;
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // utime, stime, cutime, cstime
      return fields.slice(11, 15).reduce((sum, text) => sum + Number(text), 0);
    } catch {
      return 0; // it has ended, or is somebody else's
    }
  });
  return ticks.reduce((sum, each) => sum + each, 0) / ticksInSecond;
}

async function measure(what: string, { predictionUrl, apiKey }: Demo, home: string): Promise<void> {
  const url = predictionUrl.replace(/predict$/, "batches");
  const headers = { "x-api-key": apiKey };
  const asked = await fetch(url, { method: "POST", headers, body: '{"format": "csv"}' });
  const { id, upload } = (await asked.json()) as Batch;
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) form.append(name, value);
  form.append("file", new Blob([file]));
  const cpu = processorSeconds(home);
  const taken = await fetch(upload.url, { method: "POST", body: form });
  if (!taken.ok) throw new Error(`the upload ended with ${taken.status}: ${await taken.text()}`);
  const begin = performance.now();
  for (;;) {
    const { status, reason } = (await (await fetch(`${url}/${id}`, { headers })).json()) as Batch;
    if (status === "failed") throw new Error(reason);
    if (status === "completed") break;
    await sleep(250);
  }
  const seconds = (performance.now() - begin) / 1000;
  const used = processorSeconds(home) - cpu;
  console.log(
    `${what}: ${rows} rows (${(file.length / 1e6).toFixed(1)} MB) in ${seconds.toFixed(1)} s: ` +
      `${Math.round(Number(rows) / seconds)} rows/s; ${used.toFixed(1)} s of processor time`,
  );
}

async function main(): Promise<void> {
  const workshop = new Workshop();
  try {
    workshop.configure("local", { batchEndpointKilobytes: 50_000 });
    const demo = await workshop.json<Demo>("demo");
    await measure("by the endpoint", demo, workshop.home);
    await measure("by the endpoint, again", demo, workshop.home);
    workshop.configure("local", { batchEndpointKilobytes: 0 });
    await workshop.json("up", "local");
    await measure("by a transform job", demo, workshop.home);
    await measure("by a transform job, again", demo, workshop.home);
  } finally {
    await workshop.remove();
  }
}

void main();
