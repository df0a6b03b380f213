import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type StateTable } from "../data/state-table";
import { LambdaHandler } from "../lambda/lambda-handler";
import { stackAlarm, watch, type WatchArgs, type Watched } from "../shared/alarm";
import { type Context } from "../shared/context";
import { type Grantee, grant, policyDocument } from "../shared/policy";
import { requireProperty } from "../shared/validation";
import { fromTopic, type Subscriber, Subscribers } from "./subscribers";

export interface ResultsTopicArgs {
  context: Context;
  /** Where the publisher remembers what it has published. */
  state: StateTable;
  /** Who is told. AWS asks those with an email or a URL to confirm. */
  subscribers: Subscriber[];
  logRetentionDays: number;
  /** Seconds for which results are gathered into one message. */
  digestSeconds: number;
  /** The API's root, without a slash at its end, for the links in mails. */
  apiUrl?: pulumi.Input<string>;
  /** The page that takes an address out. Without it mails point to AWS's own link. */
  unsubscribeUrl?: pulumi.Input<string>;
}

const publisherTimeoutSeconds = 30;
// six times the Lambda's timeout, as AWS advises, so that a message is not tried twice at a time
const hiddenSeconds = 6 * publisherTimeoutSeconds;
/** Of a publisher's claim to an event: it has ended when the message comes again, and the receipt has long been there. */
const leaseSeconds = 4 * publisherTimeoutSeconds;
const deliveryAttempts = 5;
const deadLetterDays = 14;

/**
 * Tells subscribers what happened: whoever may sends an event to the queue, the publisher Lambda words it, the topic
 * delivers it. What cannot be published after `deliveryAttempts` tries waits in the dead-letter queue.
 */
export class ResultsTopic extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;
  readonly deadLetterQueue: aws.sqs.Queue;
  readonly topic: aws.sns.Topic;
  readonly publisher: LambdaHandler;
  readonly watched: Watched[];

  constructor(
    private readonly name: string,
    private readonly args: ResultsTopicArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:notify:ResultsTopic", name, {}, opts);
    const { context, digestSeconds } = args;
    requireProperty(
      digestSeconds >= 0 && digestSeconds <= 300,
      "digestSeconds",
      digestSeconds,
      "give a number of seconds from 0 to 300",
    );
    const child = { parent: this };
    this.deadLetterQueue = new aws.sqs.Queue(
      `${name}-dead-letters`,
      { messageRetentionSeconds: deadLetterDays * 86_400, sqsManagedSseEnabled: true, tags: context.tags },
      child,
    );
    this.queue = new aws.sqs.Queue(
      `${name}-queue`,
      {
        sqsManagedSseEnabled: true,
        visibilityTimeoutSeconds: hiddenSeconds,
        redrivePolicy: pulumi.jsonStringify({
          deadLetterTargetArn: this.deadLetterQueue.arn,
          maxReceiveCount: deliveryAttempts,
        }),
        tags: context.tags,
      },
      child,
    );
    this.topic = new aws.sns.Topic(
      `${name}-topic`,
      // a key that AWS manages: whoever may use the topic may use it, for the topic
      { kmsMasterKeyId: "alias/aws/sns", tags: context.tags },
      child,
    );
    this.publisher = this.publish(digestSeconds);
    const { undelivered } = new Subscribers(
      name,
      { context, topic: this.topic, subscribers: args.subscribers },
      this,
    );
    this.watched = [
      this.watchAge(),
      this.watchLength("dead-letters", this.deadLetterQueue, {
        title: "Events that cannot be published",
        alarmDescription: unpublishable(context.stack),
      }),
      ...(undelivered ? [this.watchLength("undelivered", undelivered, undeliverable)] : []),
    ];
    this.registerOutputs({ queueUrl: this.queue.url, topicArn: this.topic.arn });
  }

  /** Lets the grantee send events to the queue. */
  grantSend(grantee: Grantee): void {
    grant(
      this.name,
      grantee,
      "send",
      [{ Action: ["sqs:SendMessage", "sqs:GetQueueAttributes"], Resource: this.queue.arn }],
      this,
    );
  }

  /** Sends each event of AWS that fits one of `patterns`, by label, to the subscribers as an alarm. Call it once. */
  alertOn(patterns: Record<string, Record<string, unknown>>): void {
    const { context } = this.args;
    const child = { parent: this };
    const rules = Object.entries(patterns).map(([label, pattern]) => ({
      label,
      rule: new aws.cloudwatch.EventRule(
        `${this.name}-${label}`,
        {
          description: `Alarms of ${context.project}, stack ${context.stack}: ${label}`,
          eventPattern: JSON.stringify(pattern),
          tags: context.tags,
        },
        child,
      ),
    }));
    const access = new aws.sqs.QueuePolicy(
      `${this.name}-alerts-access`, // one for all: a queue has a single policy
      {
        queueUrl: this.queue.url,
        policy: policyDocument([
          {
            Principal: { Service: "events.amazonaws.com" },
            Action: "sqs:SendMessage",
            Resource: this.queue.arn,
            Condition: { ArnEquals: { "aws:SourceArn": rules.map(({ rule }) => rule.arn) } },
          },
        ]),
      },
      // a second policy beside the one of an earlier version would take that one's place, and then go with it
      { ...child, aliases: [{ name: `${this.name}-failed-jobs-access` }] },
    );
    for (const { label, rule } of rules) {
      new aws.cloudwatch.EventTarget(
        `${this.name}-${label}-to-queue`,
        { rule: rule.name, arn: this.queue.arn },
        { ...child, dependsOn: access },
      );
    }
  }

  private publish(digestSeconds: number): LambdaHandler {
    const { context, logRetentionDays } = this.args;
    const receipts = this.receiptsQueue();
    const publisher = new LambdaHandler(
      `${this.name}-publish`,
      {
        context,
        handler: "publish",
        description: "Words the events of the results queue and publishes them to the topic",
        environment: {
          STACK: context.stack,
          TOPIC_ARN: this.topic.arn,
          RECEIPTS_QUEUE_ARN: receipts.arn,
          STATE_TABLE: this.args.state.table.name,
          LEASE_SECONDS: `${leaseSeconds}`,
          API_URL: this.args.apiUrl ?? "",
          UNSUBSCRIBE_URL: this.args.unsubscribeUrl ?? "",
        },
        logRetentionDays,
        timeout: publisherTimeoutSeconds,
      },
      { parent: this },
    );
    const consume = this.letConsume(publisher, "consume", this.queue);
    grant(this.name, publisher.grantee, "topic", [{ Action: "sns:Publish", Resource: this.topic.arn }], this);
    this.args.state.grantUse(publisher.grantee, "published");
    this.takeReceipts(publisher, receipts);
    new aws.lambda.EventSourceMapping(
      `${this.name}-queue-to-publish`,
      {
        eventSourceArn: this.queue.arn,
        functionName: publisher.function.name,
        batchSize: 100,
        maximumBatchingWindowInSeconds: digestSeconds,
        functionResponseTypes: ["ReportBatchItemFailures"],
      },
      { parent: this, dependsOn: consume }, // Lambda checks the permission when the mapping is made
    );
    return publisher;
  }

  /** What the topic delivers comes here as well: so the publisher learns what SNS has taken when it did not get the answer. */
  private receiptsQueue(): aws.sqs.Queue {
    const child = { parent: this };
    const queue = new aws.sqs.Queue(
      `${this.name}-receipts`,
      {
        sqsManagedSseEnabled: true,
        visibilityTimeoutSeconds: publisherTimeoutSeconds, // a second try has to come before the claim ends
        tags: this.args.context.tags,
      },
      child,
    );
    const access = new aws.sqs.QueuePolicy(
      `${this.name}-receipts-access`,
      { queueUrl: queue.url, policy: fromTopic(queue, this.topic) },
      child,
    );
    new aws.sns.TopicSubscription(
      `${this.name}-receipts`,
      { topic: this.topic.arn, protocol: "sqs", endpoint: queue.arn, rawMessageDelivery: true },
      { ...child, dependsOn: access },
    );
    return queue;
  }

  private takeReceipts(publisher: LambdaHandler, queue: aws.sqs.Queue): void {
    new aws.lambda.EventSourceMapping(
      `${this.name}-receipts-to-publish`,
      { eventSourceArn: queue.arn, functionName: publisher.function.name, batchSize: 10 },
      { parent: this, dependsOn: this.letConsume(publisher, "receipts", queue) },
    );
  }

  private letConsume(publisher: LambdaHandler, what: string, queue: aws.sqs.Queue): aws.iam.RolePolicy {
    const Action = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    return grant(this.name, publisher.grantee, what, [{ Action, Resource: queue.arn }], this);
  }

  /** An alarm that rings while there is anything in a queue where nothing should be. */
  private watchLength(
    label: string,
    queue: aws.sqs.Queue,
    words: Pick<WatchArgs, "title" | "alarmDescription">,
  ): Watched {
    return this.watchQueue(label, queue, {
      ...words,
      ...{ metricName: "ApproximateNumberOfMessagesVisible", threshold: 0 },
    });
  }

  /** An alarm that rings when events wait for a publisher that does not come. */
  private watchAge(): Watched {
    const { context } = this.args;
    return this.watchQueue("age", this.queue, {
      title: "Age of the oldest event to publish (seconds)",
      alarmDescription:
        `An event waits for more than ${longestWaitSeconds / 60} minutes to be published: ` +
        `look at 'npx slipway logs ${context.stack} publish'.`,
      ...{ metricName: "ApproximateAgeOfOldestMessage", threshold: longestWaitSeconds },
    });
  }

  private watchQueue(
    label: string,
    queue: aws.sqs.Queue,
    args: Pick<WatchArgs, "title" | "alarmDescription" | "metricName" | "threshold">,
  ): Watched {
    const { context } = this.args;
    return watch(
      `${this.name}-${label}-alarm`,
      {
        ...args,
        context,
        alarmName: `${stackAlarm(context)}-results-${label}`,
        ...{ namespace: "AWS/SQS", dimensions: { QueueName: queue.name } },
        ...{ statistic: "Maximum", period: 60, evaluationPeriods: 1 },
      },
      { parent: this },
    );
  }
}

/** Longer than a message takes to come again after a failure, or after results have been gathered. */
const longestWaitSeconds = 15 * 60;

const unpublishable = (stack: string) =>
  `Events could not be published and wait in the dead-letter queue. Look at them with 'npx slipway redrive ${stack} --list', ` +
  `remove the cause (the publisher's log names it), then send them on with 'npx slipway redrive ${stack}'.`;

const undeliverable = {
  title: "Events that a service did not take",
  alarmDescription:
    "SNS could not deliver events to a service that is subscribed. They wait in the queue 'undelivered', each with the " +
    "reason in its attributes.",
};
