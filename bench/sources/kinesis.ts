/**
 * Events a second through the Kinesis source on the laptop: sent, checked, delivered, landed; none lost, and none twice in
 * the snapshot that is taken then.
 *
 *     npx tsx bench/sources/kinesis.ts [rate 5000] [seconds 60] [shards 8]
 *
 * The stack is one of its own (stock engine, the program's own components), in a folder that is gone afterwards.
 */
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventsOf } from "../../automation/feed/events";
import { feed } from "../../automation/feed/feed";
import { KinesisSink } from "../../automation/feed/sink";
import { readSchema } from "../../automation/project";
import { KinesisSource } from "../../components/sources/kinesis-source";
import { SourceStack } from "../../test/e2e/sources/source-stack";
import { usage } from "./usage";

const [rate = 5000, seconds = 60, shards = 8] = process.argv.slice(2).map(Number);
const trips = join(__dirname, "../../data/taxis.csv");

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
  const begun = performance.now();
  const { rows: kept } = await world.snapshot("trips");
  const snapshotSeconds = Number(((performance.now() - begun) / 1000).toFixed(1));
  const perSecond = (cpu: number) => Number((cpu / counts.seconds).toFixed(2));
  const result = {
    ...{ asked: { rate, seconds, shards }, processors: cpus().length },
    ...{
      sent: counts.sent,
      sentPerSecond: Math.round(counts.sent / counts.seconds),
      retried: counts.retried,
    },
    ...{ landedRows: sum(), objects: landed.length, snapshot: kept, snapshotSeconds },
    secondsFromLastEventToLanded: Number(delay.toFixed(1)),
    processorsWhileSending: {
      ministack: perSecond(after.cloud.cpu - before.cloud.cpu),
      feed: perSecond((after.own.user + after.own.system) / 1e6),
    },
    ministackMegabytesAtMost: usage(world.cloud.url).megabytes,
  };
  console.log(JSON.stringify(result, null, 2));
  // the feed's events are all different: what is kept less often is lost, and more often is twice
  if (kept.kept !== counts.sent || kept.rejected > 0) process.exitCode = 1;
}

void main();
