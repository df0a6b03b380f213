import { type SQSBatchResponse, type SQSRecord } from "aws-lambda";
import * as v from "valibot";
import { errorFields, type Log } from "../shared/log";
import { type Claims } from "./claims";
import { digest, type Outgoing, type Received } from "./digest";
import { type Places } from "./mail";
import { type Notification, notificationOf } from "./notification";
import { understand } from "./understand";

/** What publishing needs of the world. */
export interface Ports {
  stack: string;
  places: Places;
  claims: Claims;
  /** Hands it to SNS, once: whether SNS has it when this fails, only the receipt can tell. */
  publish(notification: Notification): Promise<void>;
  log: Log;
}

/**
 * Publishes one batch of the results queue. The messages that are named in the answer stay in the queue and come
 * again, and in the end go to the dead-letter queue; all others are done.
 *
 * SNS has no memory: what it is given twice it delivers twice. So each event is claimed before it is published and
 * settled afterwards, by this publisher and by the receipt that SNS delivers (`receive`). A publisher that dies, or does
 * not get SNS's answer, leaves a claim: by the time it ends the receipt has come, if SNS has the event, and the message,
 * which comes again, is done.
 */
export async function publishBatch(records: SQSRecord[], ports: Ports): Promise<SQSBatchResponse> {
  const { received, failed } = read(records, ports);
  const turns = await ports.claims.claim(received.map(({ event }) => event.id));
  const mine: Received[] = [];
  for (const each of received) {
    const turn = turns.get(each.event.id);
    if (turn === "mine") mine.push(each);
    else if (turn === "busy") failed.push(...each.messageIds);
    if (turn !== "mine") ports.log.info("not published again", { event: each.event.id, turn: turn ?? "" });
  }
  const unpublished = await Promise.all(digest(mine).map((outgoing) => publishOne(outgoing, ports)));
  return {
    batchItemFailures: [...failed, ...unpublished.flat()].map((itemIdentifier) => ({ itemIdentifier })),
  };
}

/** The events of a batch, each once, and the ids of the messages that are not understood. */
function read(records: SQSRecord[], { stack, log }: Ports): { received: Received[]; failed: string[] } {
  const failed: string[] = [];
  const byEvent = new Map<string, Received>();
  for (const { messageId, body } of records) {
    try {
      const event = understand(body, stack);
      if (event === undefined) log.info("nothing to tell", { messageId });
      else {
        const known = byEvent.get(event.id);
        if (known) known.messageIds.push(messageId);
        else byEvent.set(event.id, { event, messageIds: [messageId] });
      }
    } catch (error) {
      log.error("a message is not understood", { messageId, reason: (error as Error).message });
      failed.push(messageId);
    }
  }
  return { received: [...byEvent.values()], failed };
}

/** The ids of the messages that are to come again: none when it went well. */
async function publishOne(outgoing: Outgoing, ports: Ports): Promise<string[]> {
  const { event, messageIds, events } = outgoing;
  const fields = { kind: event.kind, event: event.id, messages: messageIds.length };
  try {
    await ports.publish(notificationOf(outgoing, ports.places));
    ports.log.info("published", fields);
  } catch (error) {
    ports.log.error("not published; the messages come again", { ...fields, ...errorFields(error) });
    return messageIds;
  }
  try {
    await ports.claims.settle(events);
  } catch (error) {
    ports.log.warn("published, but not marked so: the receipt does it", { ...fields, ...errorFields(error) });
  }
  return [];
}

const receiptSchema = v.object({ events: v.array(v.string()) });

/** The ids of the events in what the topic has delivered; undefined when it is none of its notifications. */
function receiptOf(body: string): string[] | undefined {
  try {
    const receipt = v.safeParse(receiptSchema, JSON.parse(body));
    return receipt.success ? receipt.output.events : undefined;
  } catch {
    return undefined;
  }
}

/** Settles what SNS has delivered: the publisher is a subscriber of its own topic. */
export async function receive(records: SQSRecord[], { claims, log }: Ports): Promise<undefined> {
  const events = records.flatMap(({ body }) => receiptOf(body) ?? []);
  await claims.settle([...new Set(events)]);
  log.info("delivered", { events: events.length });
}
