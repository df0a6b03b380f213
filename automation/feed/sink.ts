import { type KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type FeedEvent } from "./events";

/** Where a source's events are sent to. */
export interface Sink {
  /** Events of one request, at most. */
  readonly batch: number;
  /** For people. */
  readonly name: string;
  /** Sends events until all are taken, or `signal`. @returns those that were taken. */
  send(events: FeedEvent[], signal: AbortSignal): Promise<{ taken: FeedEvent[]; retried: number }>;
}

const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 3200;
/** How long a stream or table may be away before the feed ends. */
const awayMilliseconds = 60_000;

/**
 * Sends events again until all are taken, or `signal`.
 * @param put sends them once, and returns those that were refused.
 */
export async function untilTaken(
  events: FeedEvent[],
  put: (waiting: FeedEvent[]) => Promise<FeedEvent[]>,
  signal: AbortSignal,
): Promise<{ taken: FeedEvent[]; retried: number }> {
  const giveUp = performance.now() + awayMilliseconds;
  const taken: FeedEvent[] = [];
  let retried = 0;
  let waiting = events;
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(2 * pause, longestPauseMilliseconds)) {
    const refused = await put(waiting).catch((error: unknown) => {
      if (!isAway(error) || performance.now() > giveUp) throw error;
      return waiting;
    });
    taken.push(...waiting.filter((event) => !refused.includes(event)));
    if (refused.length === 0 || signal.aborted) return { taken, retried };
    retried += refused.length;
    waiting = refused;
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
  }
}

/** A Kinesis data stream. It may refuse some events of a request, those of a shard with too much to do. */
export class KinesisSink implements Sink {
  readonly batch = 500; // PutRecords takes no more

  constructor(
    private readonly client: KinesisClient,
    readonly name: string,
  ) {}

  send(events: FeedEvent[], signal: AbortSignal) {
    return untilTaken(events, (waiting) => this.put(waiting), signal);
  }

  /** @returns the events that were refused. */
  private async put(events: FeedEvent[]): Promise<FeedEvent[]> {
    const Records = events.map(({ text }) => ({ Data: Buffer.from(text), PartitionKey: randomUUID() }));
    const answer = await this.client.send(new PutRecordsCommand({ StreamName: this.name, Records }));
    return events.filter((_, index) => answer.Records?.[index]?.ErrorCode !== undefined);
  }
}

/**
 * Whether nobody was there to answer. What is then sent again may have arrived before: it is twice in the stream, as
 * with every producer, and once in the snapshot.
 */
const isAway = (error: unknown) =>
  /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|ERR_HTTP2_)/.test((error as NodeJS.ErrnoException).code ?? "");

/** A bucket into which files are dropped: JSON Lines, one file a request. */
export class S3Sink implements Sink {
  readonly batch = 10_000;

  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    private readonly prefix: string,
  ) {}

  get name(): string {
    return `s3://${this.bucket}/${this.prefix}`;
  }

  async send(events: FeedEvent[]) {
    const Body = events.map(({ text }) => `${text}\n`).join("");
    const Key = `${this.prefix}feed-${Date.now()}-${randomUUID()}.jsonl`;
    await this.client.send(new PutObjectCommand({ Bucket: this.bucket, Key, Body }));
    return { taken: events, retried: 0 };
  }
}
