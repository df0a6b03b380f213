import { setTimeout as sleep } from "node:timers/promises";
import { type FeedEvent } from "./events";
import { type Sink } from "./sink";

export interface FeedOptions {
  /** Events a second. */
  rate: number;
  /** Without it the feed goes on until `signal`. */
  seconds?: number | undefined;
  signal: AbortSignal;
  progress: (counts: FeedCounts) => void;
}

/** Of events that the source has taken. */
export interface FeedCounts {
  sent: number;
  poison: number;
  /** Events that were refused at first, and sent again; one may count more than once. */
  retried: number;
  seconds: number;
}

const tickMilliseconds = 100;
/** Requests at a time: enough to keep the pace when an answer takes a second. */
const requestsAtOnce = 16;

/** Sends events at an even pace, until the time is over or `signal`. What is under way is then still finished. */
export async function feed(
  events: Iterator<FeedEvent, never>,
  sink: Sink,
  { rate, seconds = Infinity, signal, progress }: FeedOptions,
): Promise<FeedCounts> {
  const started = performance.now();
  const counts: FeedCounts = { sent: 0, poison: 0, retried: 0, seconds: 0 };
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const elapsed = () => (performance.now() - started) / 1000;
  const send = async (batch: FeedEvent[]) => {
    const { taken, retried } = await sink.send(batch, signal);
    counts.sent += taken.length;
    counts.poison += taken.filter(({ poison }) => poison).length;
    counts.retried += retried;
  };
  const wanted = Math.round(rate * seconds);
  for (let begun = 0; begun < wanted && !signal.aborted && failures.length === 0;) {
    const due = Math.min(Math.floor(rate * elapsed()) + 1, wanted) - begun;
    for (let left = due; left > 0 && !signal.aborted;) {
      const batch = Array.from({ length: Math.min(left, sink.batch) }, () => events.next().value);
      left -= batch.length;
      begun += batch.length;
      const sending: Promise<void> = send(batch)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
      if (underWay.size >= requestsAtOnce) await Promise.race(underWay);
    }
    counts.seconds = elapsed();
    progress(counts);
    await sleep(tickMilliseconds);
  }
  await Promise.all(underWay);
  counts.seconds = elapsed();
  if (failures.length > 0) throw failures[0];
  return counts;
}
