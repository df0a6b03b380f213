/**
 * Events a second through the Kinesis source on the laptop: sent, checked, delivered, landed; none lost, none twice.
 *
 *     npx tsx bench/sources/kinesis.ts [rate 5000] [seconds 60] [shards 8]
 *
 * The stack is one of its own (stock engine, the program's own components), in a folder that is gone afterwards.
 */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { readdirSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { eventsOf } from "../../automation/feed/events";
import { feed } from "../../automation/feed/feed";
import { KinesisSink } from "../../automation/feed/sink";
import { readSchema } from "../../automation/project";
import { KinesisSource } from "../../components/sources/kinesis-source";
import { SourceStack } from "../../test/e2e/sources/source-stack";

const [rate = 5000, seconds = 60, shards = 8] = process.argv.slice(2).map(Number);
const trips = join(__dirname, "../../data/taxis.csv");
const ticksPerSecond = 100;

/** Of the MiniStack at this address: seconds of processor time, and megabytes in memory at most (Linux). */
function usage(cloudUrl: string): { cpu: number; megabytes: number } {
  const port = `GATEWAY_PORT=${new URL(cloudUrl).port}`;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("ministack_plus.py")) continue;
      if (!readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(port)) continue;
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
      const resident = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
      return {
        cpu: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
        megabytes: Math.round(Number(resident) / 1024),
      };
    } catch {
      // gone meanwhile, or another user's
    }
  }
  return { cpu: 0, megabytes: 0 };
}

async function main(): Promise<void> {
  const world = await SourceStack.start((common) => {
    const settings = { kind: "kinesis" as const, shards, bufferSeconds: 10, bufferMegabytes: 16 };
    new KinesisSource("trips", { ...common, source: "trips", settings });
  });
  if (!world) throw new Error("This machine has no Pulumi CLI: run 'npx slipway doctor'.");
  try {
    await world.stack.up();
    await measure(world);
  } finally {
    await world.stop();
  }
}

async function measure(world: SourceStack): Promise<void> {
  const bucket = await world.bucket();
  const sink = new KinesisSink(new KinesisClient(world.clientSettings), "plugins-sources-trips");
  const before = { cloud: usage(world.cloud.url), own: process.cpuUsage() };
  const counts = await feed(eventsOf(trips, readSchema(), { rate, poison: 0 }), sink, {
    ...{ rate, seconds, signal: new AbortController().signal, progress: () => undefined },
  });
  const after = { cloud: usage(world.cloud.url), own: process.cpuUsage(before.own) };
  const sent = performance.now();
  const rows = async () =>
    (await world.documents("raw/trips/", ".manifest.json")).map(
      (one) => one as { rows: number; object: string },
    );
  let landed = await rows();
  const sum = () => landed.reduce((total, one) => total + one.rows, 0);
  while (sum() < counts.sent && performance.now() - sent < 300_000) {
    await sleep(500);
    landed = await rows();
  }
  const delay = (performance.now() - sent) / 1000;
  const distinct = new Set<string>();
  let lines = 0;
  for (const { object } of landed) {
    const { Body } = await world.s3.send(new GetObjectCommand({ Bucket: bucket, Key: object }));
    for await (const line of createInterface({ input: (Body as Readable).pipe(createGunzip()) })) {
      distinct.add(line);
      lines += 1;
    }
  }
  const perSecond = (cpu: number) => Number((cpu / counts.seconds).toFixed(2));
  const result = {
    ...{ asked: { rate, seconds, shards }, processors: cpus().length },
    ...{
      sent: counts.sent,
      sentPerSecond: Math.round(counts.sent / counts.seconds),
      retried: counts.retried,
    },
    ...{ landedRows: sum(), lines, distinct: distinct.size, objects: landed.length },
    secondsFromLastEventToLanded: Number(delay.toFixed(1)),
    processorsWhileSending: {
      ministack: perSecond(after.cloud.cpu - before.cloud.cpu),
      feed: perSecond((after.own.user + after.own.system) / 1e6),
    },
    ministackMegabytesAtMost: usage(world.cloud.url).megabytes,
  };
  console.log(JSON.stringify(result, null, 2));
  if (lines !== counts.sent || distinct.size !== counts.sent) process.exitCode = 1;
}

void main();
