import { type SQSBatchResponse, type SQSRecord } from "aws-lambda";
import { type SlipwayEvent } from "../shared/events";
import { errorFields, type Log } from "../shared/log";
import { digest, type Outgoing, type Received } from "./digest";
import { mailOf } from "./mail";
import { understand } from "./understand";

/** What SNS is given for one event. */
export interface Notification {
  subject: string;
  /** MessageStructure json: email and SMS have texts of their own, every other protocol gets `default`. */
  message: { default: string; email: string; sms: string };
  /** For filter policies. */
  attributes: { kind: string; stack: string; severity: string };
}

/** What publishing needs of the world. */
export interface Ports {
  stack: string;
  /** Name of the topic, for the reader of a mail. */
  topic: string;
  publish(notification: Notification): Promise<void>;
  log: Log;
}

/**
 * Publishes one batch of the results queue. The messages that are named in the answer stay in the queue and come
 * again, and in the end go to the dead-letter queue; all others are done.
 */
export async function publishBatch(records: SQSRecord[], ports: Ports): Promise<SQSBatchResponse> {
  const failed: string[] = [];
  const received: Received[] = [];
  for (const { messageId, body } of records) {
    try {
      const event = understand(body, ports.stack);
      if (event === undefined) ports.log.info("nothing to tell", { messageId });
      else received.push({ messageId, event });
    } catch (error) {
      ports.log.error("a message is not understood", { messageId, reason: (error as Error).message });
      failed.push(messageId);
    }
  }
  const unpublished = await Promise.all(digest(received).map((outgoing) => publishOne(outgoing, ports)));
  return {
    batchItemFailures: [...failed, ...unpublished.flat()].map((itemIdentifier) => ({ itemIdentifier })),
  };
}

/** The ids of the messages that are to come again: none when it went well. */
async function publishOne({ event, messageIds }: Outgoing, ports: Ports): Promise<string[]> {
  const fields = { kind: event.kind, event: event.id, messages: messageIds.length };
  try {
    await ports.publish(notificationOf(event, ports.topic));
    ports.log.info("published", fields);
    return [];
  } catch (error) {
    ports.log.error("not published; the messages come again", { ...fields, ...errorFields(error) });
    return messageIds;
  }
}

/** `event` as the subscribers get it: words for people, the event itself for services. */
export function notificationOf(event: SlipwayEvent, topic: string): Notification {
  const { subject, body } = mailOf(event, topic);
  return {
    subject,
    message: { default: JSON.stringify(event), email: body, sms: subject },
    attributes: { kind: event.kind, stack: event.stack, severity: event.severity },
  };
}
