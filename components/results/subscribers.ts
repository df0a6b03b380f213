import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import {
  filterPolicy,
  severities,
  type Severity,
  subscribableKinds,
} from "../../handlers/shared/subscription";
import { type Context } from "../shared/context";
import { policyDocument } from "../shared/policy";
import { requireProperty } from "../shared/validation";

const protocols = ["email", "https", "sqs", "lambda"] as const;

/** One entry of `slipway:subscribers`. */
export interface Subscriber {
  protocol: (typeof protocols)[number];
  /** Address, URL, or ARN of a queue or a Lambda function. */
  endpoint: string;
  /** Kinds of events. Default: all. */
  kinds?: string[];
  /** Least severity. Default: info, which is everything. */
  minSeverity?: Severity;
  /** sqs and https: the event alone, without SNS's envelope. Default: false. */
  raw?: boolean;
}

export interface SubscribersArgs {
  context: Context;
  topic: aws.sns.Topic;
  subscribers: Subscriber[];
}

/** What an endpoint must look like, by protocol, and how to say so. */
const endpoints: Record<Subscriber["protocol"], { pattern: RegExp; like: string }> = {
  email: { pattern: /^[^@\s]+@[^@\s]+$/, like: "an address like name@example.com" },
  https: { pattern: /^https:\/\/[^\s/]+\S*$/, like: "a URL that starts with https://" },
  sqs: {
    pattern: /^arn:[\w-]+:sqs:[\w-]+:\d{12}:[\w-]+$/,
    like: "the ARN of a standard queue, like arn:aws:sqs:us-east-1:123456789012:name",
  },
  lambda: {
    pattern: /^arn:[\w-]+:lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/,
    like: "the ARN of a function, like arn:aws:lambda:us-east-1:123456789012:function:name",
  },
};

const deadLetterDays = 14;

/**
 * The topic's subscribers of the configuration, each with a filter policy of its own. What SNS cannot deliver to a
 * service waits in the queue `undelivered`.
 */
export class Subscribers {
  /** What SNS could not deliver to a service; undefined when none is subscribed. */
  readonly undelivered: aws.sqs.Queue | undefined;

  /** @param parent of all resources, which are named after `name`. */
  constructor(
    private readonly name: string,
    private readonly args: SubscribersArgs,
    private readonly parent: pulumi.Resource,
  ) {
    const { subscribers } = args;
    checkSubscribers(subscribers);
    const services = subscribers.some(({ protocol }) => protocol !== "email");
    this.undelivered = services ? this.undeliveredQueue() : undefined;
    for (const subscriber of subscribers) this.subscribe(subscriber);
  }

  private subscribe(subscriber: Subscriber): void {
    const { protocol, endpoint, raw = false } = subscriber;
    const { topic } = this.args;
    const label = `${this.name}-${endpoint.replace(/\W+/g, "-")}`;
    const permission = protocol === "lambda" ? [this.permit(label, endpoint)] : [];
    const policy = filterPolicy(subscriber, protocol === "email" ? endpoint : undefined);
    new aws.sns.TopicSubscription(
      label,
      {
        topic: topic.arn,
        protocol,
        endpoint,
        filterPolicy: JSON.stringify(policy),
        ...(raw ? { rawMessageDelivery: true } : {}),
        ...(protocol !== "email" && this.undelivered
          ? { redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: this.undelivered.arn }) }
          : {}),
      },
      { parent: this.parent, dependsOn: permission },
    );
  }

  private permit(label: string, functionArn: string): aws.lambda.Permission {
    return new aws.lambda.Permission(
      `${label}-invoke`,
      {
        action: "lambda:InvokeFunction",
        function: functionArn,
        principal: "sns.amazonaws.com",
        sourceArn: this.args.topic.arn,
      },
      { parent: this.parent },
    );
  }

  private undeliveredQueue(): aws.sqs.Queue {
    const { context, topic } = this.args;
    const queue = new aws.sqs.Queue(
      `${this.name}-undelivered`,
      { messageRetentionSeconds: deadLetterDays * 86_400, sqsManagedSseEnabled: true, tags: context.tags },
      { parent: this.parent },
    );
    new aws.sqs.QueuePolicy(
      `${this.name}-undelivered-access`,
      {
        queueUrl: queue.url,
        policy: fromTopic(queue, topic),
      },
      { parent: this.parent },
    );
    return queue;
  }
}

/** Policy of a queue to which the topic, and nobody else, may send. */
export const fromTopic = (queue: aws.sqs.Queue, topic: aws.sns.Topic): pulumi.Output<string> =>
  policyDocument([
    {
      Principal: { Service: "sns.amazonaws.com" },
      Action: "sqs:SendMessage",
      Resource: queue.arn,
      Condition: { ArnEquals: { "aws:SourceArn": topic.arn } },
    },
  ]);

/** @throws InputPropertyError with the entry, the bad value and the fix. */
export function checkSubscribers(subscribers: Subscriber[]): void {
  requireProperty(Array.isArray(subscribers), "subscribers", subscribers, "give a list");
  const seen = new Set<string>();
  subscribers.forEach((subscriber, index) => {
    const at = `subscribers[${index}]`;
    checkFields(subscriber, at);
    const { protocol, endpoint, kinds, minSeverity, raw } = subscriber;
    requireProperty(protocols.includes(protocol), `${at}.protocol`, protocol, `write ${oneOf(protocols)}`);
    const { pattern, like } = endpoints[protocol];
    requireProperty(
      typeof endpoint === "string" && pattern.test(endpoint),
      `${at}.endpoint`,
      endpoint,
      `with the protocol ${protocol}, give ${like}`,
    );
    requireProperty(!seen.has(endpoint), `${at}.endpoint`, endpoint, "give each endpoint once");
    seen.add(endpoint);
    if (kinds !== undefined) checkKinds(kinds, at);
    requireProperty(
      minSeverity === undefined || severities.includes(minSeverity),
      `${at}.minSeverity`,
      minSeverity,
      `write ${oneOf(severities)}`,
    );
    requireProperty(
      raw === undefined || (typeof raw === "boolean" && (!raw || ["sqs", "https"].includes(protocol))),
      `${at}.raw`,
      raw,
      "write true or false; only the protocols sqs and https have it",
    );
  });
}

const fields = ["protocol", "endpoint", "kinds", "minSeverity", "raw"];

function checkFields(subscriber: Subscriber, at: string): void {
  const isObject = typeof subscriber === "object" && subscriber !== null;
  requireProperty(isObject, at, subscriber, "give an object with protocol and endpoint");
  const unknown = Object.keys(subscriber).find((name) => !fields.includes(name));
  requireProperty(
    unknown === undefined,
    `${at}.${unknown}`,
    subscriber[unknown as keyof Subscriber],
    `leave it out: there are ${fields.join(", ")}`,
  );
}

function checkKinds(kinds: string[], at: string): void {
  const all: readonly string[] = subscribableKinds;
  requireProperty(Array.isArray(kinds) && kinds.length > 0, `${at}.kinds`, kinds, "give at least one kind");
  for (const kind of kinds) requireProperty(all.includes(kind), `${at}.kinds`, kind, `write ${oneOf(all)}`);
}

const oneOf = (names: readonly string[]) => `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
