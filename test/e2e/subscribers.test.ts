import { ListSubscriptionsByTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Email, confirmSubscription, listEmails } from "../../local/inbox/client";
import { alarm, deployed } from "../handlers/examples";
import { Workshop } from "./workshop";

interface Outputs {
  predictionUrl: string;
  apiKey: string;
  resultsQueueUrl: string;
  deadLetterQueueUrl: string;
  topicArn: string;
}

describe("subscribers", function () {
  this.timeout(300_000);
  const workshop = new Workshop();
  let outputs: Outputs;
  let sqs: SQSClient;
  let audit: string;
  let inboxUrl: string;

  before(async () => {
    await workshop.json("local", "start");
    sqs = new SQSClient(await workshop.client("sqs"));
    const Policy = JSON.stringify({
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "sns.amazonaws.com" },
          Action: "sqs:SendMessage",
          Resource: "*",
        },
      ],
    });
    audit = (await sqs.send(new CreateQueueCommand({ QueueName: "audit", Attributes: { Policy } })))
      .QueueUrl!;
    const endpoint = "arn:aws:sqs:us-east-1:000000000000:audit";
    workshop.configure("local", {
      publicSubscriptions: "true",
      subscribers: [{ protocol: "sqs", endpoint, minSeverity: "error", raw: true }],
    });
    const up = await workshop.json<{ outputs: Outputs }>("up", "local");
    outputs = { ...up.outputs, apiKey: await workshop.apiKey() };
    ({ inboxUrl } = await workshop.state());
    await confirmSubscription(await mail("you@example.com", ({ confirmationUrl }) => !!confirmationUrl));
  });
  after(() => workshop.remove());

  const send = (event: object, id: string = randomUUID()) =>
    sqs.send(
      new SendMessageCommand({
        QueueUrl: outputs.resultsQueueUrl,
        MessageBody: JSON.stringify({ ...event, stack: "local", id }),
      }),
    );
  const api = (path: string, body: object | URLSearchParams, key = outputs.apiKey) =>
    fetch(`${outputs.predictionUrl.replace(/predict$/, "")}${path}`, {
      method: "POST",
      headers: {
        "x-api-key": key,
        "content-type":
          body instanceof URLSearchParams ? "application/x-www-form-urlencoded" : "application/json",
      },
      body: body instanceof URLSearchParams ? body.toString() : JSON.stringify(body),
    });
  const mail = async (to: string, wanted: (email: Email) => boolean): Promise<Email> => {
    for (;;) {
      const found = (await listEmails(inboxUrl, { to })).find(wanted);
      if (found) return found;
      await sleep(100);
    }
  };
  const received = async (QueueUrl: string): Promise<Record<string, unknown>> => {
    for (;;) {
      const { Messages: [message] = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }),
      );
      if (message?.Body) return JSON.parse(message.Body) as Record<string, unknown>;
    }
  };

  it("gives a queue what it asks for by severity, raw, and no more", async () => {
    await send(deployed);
    await send(alarm, "alarm-1");
    expect(await received(audit)).to.deep.include({ kind: "alarm", events: ["alarm-1"] });
    await mail("you@example.com", ({ subject }) => subject.includes("is in service"));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: audit, AttributeNames: ["All"] }),
    );
    expect(Number(Attributes?.ApproximateNumberOfMessages)).to.equal(0);
  });

  it("tells nobody twice what a sender has sent twice", async () => {
    const once = { ...alarm, detail: { ...alarm.detail, what: "Only once" } };
    await send(once, "twice-1");
    await mail("you@example.com", ({ subject }) => subject.includes("Only once"));
    await send(once, "twice-1");
    await send({ ...alarm, detail: { ...alarm.detail, what: "The next" } });
    await mail("you@example.com", ({ subject }) => subject.includes("The next"));
    const told = (await listEmails(inboxUrl)).filter(({ subject }) => subject.includes("Only once"));
    expect(told).to.have.length(1);
  });

  it("takes a subscription that its address confirms, and ends it by the button alone", async () => {
    const ann = "ann@example.com";
    expect((await api("subscriptions", { email: ann, kinds: ["alarm"] }, "wrong")).status).to.equal(403);
    expect((await api("subscriptions", { email: ann, kinds: ["alarm"] })).status).to.equal(202);
    await confirmSubscription(await mail(ann, ({ confirmationUrl }) => confirmationUrl !== undefined));
    await send({ ...alarm, detail: { ...alarm.detail, what: "For Ann" } });
    const told = await mail(ann, ({ subject }) => subject.includes("For Ann"));
    expect(told.body).to.match(/To stop these mails: http\S+\/unsubscribe\n/);
    expect((await api("unsubscribe", new URLSearchParams({ email: ann }))).status).to.equal(200);
    const { body } = await mail(ann, ({ subject }) => subject.includes("Stop these mails?"));
    const [link = ""] = /http\S+token=\S+/.exec(body) ?? [];
    const others = (await listEmails(inboxUrl)).filter(({ subject }) =>
      subject.includes("Stop these mails?"),
    );
    expect(others.map(({ to }) => to)).to.deep.equal([ann]);
    const page = await (await fetch(link)).text(); // as a mail scanner does
    expect(page).to.include("Stop the mails");
    const sns = new SNSClient(await workshop.client("sns"));
    const addresses = async () =>
      (
        await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: outputs.topicArn }))
      ).Subscriptions?.map(({ Endpoint }) => Endpoint);
    expect(await addresses()).to.include(ann);
    const token = new URL(link).searchParams.get("token") ?? "";
    expect((await api("unsubscribe", new URLSearchParams({ token }))).status).to.equal(200);
    expect(await addresses()).not.to.include(ann);
  });

  it("rings when a dead letter waits, and sends it on", async () => {
    const letter = { ...alarm, stack: "local", id: "dead-1", detail: { ...alarm.detail, what: "Came late" } };
    await sqs.send(
      new SendMessageCommand({ QueueUrl: outputs.deadLetterQueueUrl, MessageBody: JSON.stringify(letter) }),
    );
    await mail("you@example.com", ({ subject }) => subject.includes("results-dead-letters"));
    const listed = await workshop.json<{ letters: { event: string }[] }>("redrive", "local", "--list");
    expect(listed.letters.map(({ event }) => event)).to.deep.equal(["dead-1"]);
    await sleep(1100); // the list has them for a second
    expect(await workshop.json("redrive", "local")).to.deep.equal({ moved: 1, left: 0 });
    await mail("you@example.com", ({ subject }) => subject.includes("Came late"));
    expect(await workshop.json("redrive", "local")).to.deep.equal({ moved: 0, left: 0 });
  });
});
