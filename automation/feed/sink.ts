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

/** A Kinesis data stream. It may refuse some events of a request, those of a shard with too much to do. */
export class KinesisSink implements Sink {
  readonly batch = 500; // PutRecords takes no more

  constructor(
    private readonly client: KinesisClient,
    readonly name: string,
  ) {}

  async send(events: FeedEvent[], signal: AbortSignal) {
    const taken: FeedEvent[] = [];
    let retried = 0;
    let waiting = events;
    for (let pause = firstPauseMilliseconds; ; pause = Math.min(2 * pause, longestPauseMilliseconds)) {
      const { Records = [] } = await this.client.send(
        new PutRecordsCommand({
          StreamName: this.name,
          Records: waiting.map(({ text }) => ({ Data: Buffer.from(text), PartitionKey: randomUUID() })),
        }),
      );
      const refused = waiting.filter((_, index) => Records[index]?.ErrorCode !== undefined);
      taken.push(...waiting.filter((_, index) => Records[index]?.ErrorCode === undefined));
      if (refused.length === 0 || signal.aborted) return { taken, retried };
      retried += refused.length;
      waiting = refused;
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    }
  }
}

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
