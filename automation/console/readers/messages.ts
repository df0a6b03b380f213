import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { listEmails } from "../../../local/inbox/client";
import { type Mail, type Messages } from "../sections";
import { type World } from "../world";

const mostMails = 8;

/** What waits to be published, and on the laptop the mails that have come. */
export async function readMessages({ clients, outputs, target }: World): Promise<Messages> {
  const waiting = async (QueueUrl: string) => {
    const names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const;
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...names] });
    const { Attributes = {} } = await clients.sqs.send(command);
    return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  };
  return {
    waiting: await waiting(outputs.resultsQueueUrl),
    dead: await waiting(outputs.deadLetterQueueUrl),
    mails: target.laptop ? await readMails(target.laptop.inboxUrl, outputs.topicArn) : null,
  };
}

async function readMails(inboxUrl: string, topic: string): Promise<Mail[]> {
  const mails = (await listEmails(inboxUrl)).filter(({ topicArn }) => topicArn === topic);
  return mails.slice(0, mostMails).map(({ id, receivedAt, to, subject, attributes }) => ({
    ...{ id, at: receivedAt, to, subject },
    kind: attributes.kind ?? "",
    severity: attributes.severity ?? "info",
  }));
}
