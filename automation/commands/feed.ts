import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3Client } from "@aws-sdk/client-s3";
import { UserError } from "../errors";
import { DynamodbSink } from "../feed/dynamodb-sink";
import { eventsOf } from "../feed/events";
import { feed as sendEvents, type FeedCounts } from "../feed/feed";
import { KinesisSink, S3Sink, type Sink } from "../feed/sink";
import { interruptSignal } from "../interrupt";
import { type Output } from "../output";
import { readSchema, sampleData } from "../project";
import { type Outputs, requireOutputs } from "../outputs";
import { openTarget, type Target } from "../target";

export interface FeedCommandOptions {
  source?: string;
  rate: number;
  seconds?: number;
  poison: number;
  data?: string;
}

type SourceOutput = Outputs["sources"][string];

/** `slipway feed` */
export async function feed(stack: string, options: FeedCommandOptions, output: Output): Promise<void> {
  const { rate, seconds, poison } = options;
  const target = await openTarget(stack, output);
  const outputs = await requireOutputs(stack, target, output);
  const { sources, problem } = outputs;
  const { data = sampleData(problem) } = options;
  const name = chooseSource(stack, sources, options.source);
  const sink = await sinkOf(name, sources[name]!, outputs, target);
  const events = eventsOf(data, readSchema(problem), { rate, poison });
  const counts = await output.step(`Sending events to the source ${name}`, async (progress) => {
    const ended = await sendEvents(events, sink, {
      ...{ rate, seconds, signal: interruptSignal },
      progress: (now) => progress.now(describe(now)),
    });
    progress.result(describe(ended));
    return ended;
  });
  output.answer(
    { source: name, kind: sources[name]!.kind, to: sink.name, ...counts, perSecond: perSecond(counts) },
    `${describe(counts)}, to ${sink.name}. They land within a few minutes: 'npx slipway ingest ${stack} ${name}' does it now.`,
  );
}

const perSecond = ({ sent, seconds }: FeedCounts) => Math.round(sent / Math.max(seconds, 0.001));

function describe(counts: FeedCounts): string {
  const { sent, poison, retried } = counts;
  const parts = [
    `${sent.toLocaleString("en")} ${sent === 1 ? "event" : "events"} sent`,
    `${perSecond(counts)} a second`,
  ];
  if (poison > 0) parts.push(`${poison.toLocaleString("en")} of them poison`);
  if (retried > 0) parts.push(`${retried.toLocaleString("en")} sent again`);
  return parts.join(", ");
}

const fed = ["kinesis", "dynamodb", "s3"];

function chooseSource(stack: string, sources: Record<string, SourceOutput>, wanted?: string): string {
  const possible = Object.keys(sources).filter((name) => fed.includes(sources[name]!.kind));
  if (wanted === undefined && possible.length === 1) return possible[0]!;
  if (wanted !== undefined && possible.includes(wanted)) return wanted;
  const names = possible.length > 0 ? `It can feed: ${possible.join(", ")}.` : "It has none that can be fed.";
  const add = `Add one to slipway:sources in Pulumi.${stack}.yaml, such as trips: { kind: kinesis }, and run 'npx slipway up ${stack}'.`;
  const problem =
    wanted === undefined
      ? `Say which source of the stack '${stack}' is to be fed, with --source.`
      : wanted in sources
        ? `The source '${wanted}' is of kind ${sources[wanted]!.kind}, which the feed cannot send to.`
        : `The stack '${stack}' has no source '${wanted}'.`;
  throw new UserError(`${problem} ${names}${possible.length > 0 ? "" : ` ${add}`}`);
}

async function sinkOf(
  name: string,
  { kind, stream, tableArn, bucket }: SourceOutput,
  { region, dataBucket }: { region: string; dataBucket: string },
  target: Target,
): Promise<Sink> {
  const config = (service: string) => ({ region, ...target.clientConfig(service) });
  if (kind === "kinesis" && stream !== undefined) {
    return new KinesisSink(new KinesisClient(config("kinesis")), stream);
  }
  if (kind === "dynamodb" && tableArn !== undefined) {
    return DynamodbSink.open(new DynamoDBClient(config("dynamodb")), tableArn);
  }
  return new S3Sink(new S3Client(config("s3")), bucket ?? dataBucket, `incoming/${name}/`);
}
