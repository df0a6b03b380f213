import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  type Message,
  SendMessageBatchCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { setTimeout as sleep } from "node:timers/promises";

/** URLs of a dead-letter queue and of the queue that its letters come from. */
export interface Queues {
  from: string;
  to: string;
}

/** What `redrive` has done: letters sent on, and those that are still there, out of sight for a moment or come since. */
export interface Redriven {
  moved: number;
  left: number;
}

const batch = 10; // SQS takes no more at once
const taskPollMs = 1000;

/**
 * Sends all dead letters back to the queue that they come from. AWS moves them itself; where SQS cannot (as on the laptop),
 * each is sent, and only then deleted: a crash between the two makes it twice, which the publisher notices, and never lost.
 */
export async function redrive(sqs: SQSClient, queues: Queues): Promise<Redriven> {
  const before = await countIn(sqs, queues.from);
  if (before.visible + before.hidden === 0) return { moved: 0, left: 0 };
  const moved = (await moveByTask(sqs, queues.from)) ?? (await moveByHand(sqs, queues));
  const after = await countIn(sqs, queues.from);
  return { moved, left: after.visible + after.hidden };
}

/** How many messages a queue holds: to be had, and with somebody for the moment. */
export async function countIn(
  sqs: SQSClient,
  QueueUrl: string,
): Promise<{ visible: number; hidden: number }> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

/** How many messages SQS has moved; undefined when this SQS has no such tasks. */
async function moveByTask(sqs: SQSClient, from: string): Promise<number | undefined> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: from, AttributeNames: ["QueueArn"] }),
  );
  const SourceArn = Attributes?.QueueArn;
  try {
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn })); // back to where they come from
  } catch (error) {
    if (!/InvalidAction|UnknownOperation|UnsupportedOperation/.test((error as Error).name)) throw error;
    return undefined;
  }
  for (;;) {
    const { Results: [task] = [] } = await sqs.send(
      new ListMessageMoveTasksCommand({ SourceArn, MaxResults: 1 }),
    );
    if (task?.Status === "FAILED") {
      throw new Error(`SQS could not move the dead letters: ${task.FailureReason}. None is lost; try again.`);
    }
    if (task?.Status !== "RUNNING") return task?.ApproximateNumberOfMessagesMoved ?? 0;
    await sleep(taskPollMs);
  }
}

async function moveByHand(sqs: SQSClient, { from, to }: Queues): Promise<number> {
  let moved = 0;
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: from, MaxNumberOfMessages: batch, VisibilityTimeout: 30 }),
    );
    if (Messages.length === 0) return moved;
    const { Successful = [] } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: to,
        Entries: Messages.map(({ Body }, index) => ({ Id: `${index}`, MessageBody: Body })),
      }),
    );
    const sent = Successful.map(({ Id }) => Messages[Number(Id)]!);
    if (sent.length > 0) await remove(sqs, from, sent);
    moved += sent.length;
  }
}

async function remove(sqs: SQSClient, QueueUrl: string, messages: Message[]): Promise<void> {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
  await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
}
