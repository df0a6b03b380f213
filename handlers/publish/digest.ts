import { type EventOf, type SlipwayEvent } from "../shared/events";

/** An event of the queue with the ids of the messages that brought it: one, or more when SQS has repeated itself. */
export interface Received {
  messageIds: string[];
  event: SlipwayEvent;
}

/** One event to publish, the messages that are done once it is, and the events of which it is made, by id. */
export interface Outgoing {
  event: SlipwayEvent;
  messageIds: string[];
  events: string[];
}

/** SNS takes 256 KB with everything in it: the rest is for the mail. */
const maxBytes = 200_000;

/**
 * What to publish of one batch: prediction results of the same release merged into a digest (or a few, when one
 * would be too large for a message), all other events as they are.
 */
export function digest(batch: Received[]): Outgoing[] {
  const outgoing: Outgoing[] = [];
  const open = new Map<string, { bytes: number; into: Outgoing & { event: Results } }>();
  for (const { event, messageIds } of batch) {
    const single = { event, messageIds: [...messageIds], events: [event.id] };
    if (event.kind !== "prediction.results") {
      outgoing.push(single);
      continue;
    }
    const { release, target, unit } = event.detail;
    const key = JSON.stringify([event.stack, release, target, unit]);
    const bytes = sizeInMessage(event);
    const group = open.get(key);
    if (group !== undefined && group.bytes + bytes <= maxBytes) {
      group.into.event = merge(group.into.event, event);
      group.into.messageIds.push(...messageIds);
      group.into.events.push(event.id);
      group.bytes += bytes;
    } else {
      const into = { ...single, event };
      outgoing.push(into);
      open.set(key, { bytes, into });
    }
  }
  return outgoing;
}

type Results = EventOf<"prediction.results">;

const merge = (one: Results, other: Results): Results => ({
  ...one,
  time: one.time > other.time ? one.time : other.time,
  detail: {
    ...one.detail,
    count: one.detail.count + other.detail.count,
    requests: [...one.detail.requests, ...other.detail.requests],
  },
});

/** Bytes that `event` takes as JSON within JSON, where every quotation mark is escaped. */
const sizeInMessage = (event: SlipwayEvent) => Buffer.byteLength(JSON.stringify(JSON.stringify(event)));
