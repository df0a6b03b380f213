/**
 * One large CSV file through the real Lambda of an s3 source on the laptop: dropped into the data bucket, found by
 * listing, checked, landed.
 *
 *     npx tsx bench/sources/large-file.ts [megabytes 1000]
 *
 * MiniStack holds what it reads and writes in memory, so the machine sets the limit; the Lambda's own memory does not grow
 * with the file (bench/sources/files.ts).
 */
import { Upload } from "@aws-sdk/lib-storage";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { S3Source } from "../../components/sources/s3-source";
import { SourceStack } from "../../test/e2e/sources/source-stack";
import { usage } from "./usage";

const megabytes = Number(process.argv[2] ?? 1000);
const trips = readFileSync(join(__dirname, "../../data/taxis.csv"));
const rows = trips.subarray(trips.indexOf("\n") + 1);
const copies = Math.ceil((megabytes * 1e6) / rows.length);
const tripsCount = 6433;

function* file(): Generator<Buffer> {
  yield trips;
  for (let copy = 1; copy < copies; copy++) yield rows;
}

async function main(): Promise<void> {
  const world = await SourceStack.start((common) => {
    new S3Source("files", { ...common, source: "files", settings: { kind: "s3" } });
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
  const Bucket = await world.bucket();
  const params = {
    Bucket,
    Key: "incoming/files/large.csv",
    Body: Readable.from(file(), { objectMode: false }),
  };
  const before = usage(world.cloud.url);
  await new Upload({ client: world.s3, params, partSize: 64 * 1024 * 1024, queueSize: 1 }).done();
  const uploaded = performance.now();
  // S3 tells of the file, and a Lambda begins; this one waits for nothing but its own run
  const { landed } = await world.run("files");
  const [manifest] = landed.length > 0 ? landed : await world.landed("files", 1);
  const seconds = (performance.now() - uploaded) / 1000;
  const { cpu, megabytes: most } = usage(world.cloud.url);
  const result = {
    ...{ megabytes, rows: manifest?.rows, seconds: Number(seconds.toFixed(1)) },
    megabytesPerSecond: Math.round(megabytes / seconds),
    ministack: { processorSeconds: Math.round(cpu - before.cpu), megabytesAtMost: most },
  };
  console.log(JSON.stringify(result, null, 2));
  if (manifest?.rows !== copies * tripsCount) process.exitCode = 1;
}

void main();
