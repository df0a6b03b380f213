import { type Message, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type Output } from "../output";
import { countIn, redrive as redriveQueue } from "../redrive";
import { createClients } from "../release/clients";
import { requireOutputs } from "../outputs";
import { openTarget } from "../target";

/** Of the letters that a list shows. */
const shownLetters = 10;

/** `slipway redrive`: sends the events that could not be published on, or lists them and changes nothing. */
export async function redrive(name: string, list: boolean, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  const { sqs } = createClients(target, outputs.region);
  const queues = { from: outputs.deadLetterQueueUrl, to: outputs.resultsQueueUrl };
  if (list) {
    const found = {
      waiting: (await countIn(sqs, queues.from)).visible,
      letters: await peek(sqs, queues.from),
    };
    output.answer(found, describe(name, found));
    return;
  }
  const { moved, left } = await redriveQueue(sqs, queues);
  const rest = left === 0 ? "" : ` ${left} are still there: look again with '--list' in a minute.`;
  output.answer(
    { moved, left },
    (moved === 0 ? "No dead letters were moved." : `${events(moved)} sent on to the publisher.`) + rest,
  );
}

/** What is known of a dead letter without showing what is in it. */
interface Letter {
  message: string;
  kind: string;
  event: string;
  /** When it was sent, as ISO 8601. */
  sent: string;
}

/** The first letters, which stay where they are: they are out of sight for a second at most. */
async function peek(sqs: SQSClient, QueueUrl: string): Promise<Letter[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      ...{ QueueUrl, MaxNumberOfMessages: shownLetters, VisibilityTimeout: 1 },
      MessageSystemAttributeNames: ["SentTimestamp"],
    }),
  );
  return Messages.map(letterOf);
}

function letterOf({ MessageId = "", Body = "", Attributes }: Message): Letter {
  const sent = new Date(Number(Attributes?.SentTimestamp ?? 0)).toISOString();
  try {
    const body = JSON.parse(Body) as Record<string, unknown>;
    const kind = body.kind ?? body["detail-type"];
    return { message: MessageId, kind: text(kind), event: text(body.id), sent };
  } catch {
    return { message: MessageId, kind: "not JSON", event: "unknown", sent };
  }
}

const text = (value: unknown) => (typeof value === "string" ? value : "unknown");

const events = (count: number) => `${count} ${count === 1 ? "event" : "events"}`;

function describe(stack: string, { waiting, letters }: { waiting: number; letters: Letter[] }): string {
  if (waiting === 0) return "The dead-letter queue is empty.";
  const lines = letters.map(({ sent, kind, event }) => `${sent}  ${kind.padEnd(20)}  ${event}`);
  const more = waiting > letters.length ? [`and ${waiting - letters.length} more`] : [];
  return [
    `${events(waiting)} could not be published. The publisher's log says why.`,
    ...lines,
    ...more,
    `Send them on with 'npx slipway redrive ${stack}'.`,
  ].join("\n");
}
