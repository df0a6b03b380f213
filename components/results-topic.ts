import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "./context";
import { LambdaHandler } from "./lambda-handler";
import { type Grantee, grant, policyDocument } from "./policy";
import { requireProperty } from "./validation";

export interface ResultsTopicArgs {
  context: Context;
  /** Who gets the emails. AWS asks each to confirm. */
  emails: string[];
  logRetentionDays: number;
  /** Seconds for which results are gathered into one message. */
  digestSeconds: number;
}

const publisherTimeoutSeconds = 30;
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

  constructor(
    private readonly name: string,
    private readonly args: ResultsTopicArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:notify:ResultsTopic", name, {}, opts);
    const { context, emails, digestSeconds } = args;
    for (const email of emails) {
      requireProperty(
        /^[^@\s]+@[^@\s]+$/.test(email),
        "emails",
        email,
        "give addresses like name@example.com",
      );
    }
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
        // six times the Lambda's timeout, as AWS advises, so that a message is not tried twice at a time
        visibilityTimeoutSeconds: 6 * publisherTimeoutSeconds,
        redrivePolicy: pulumi.jsonStringify({
          deadLetterTargetArn: this.deadLetterQueue.arn,
          maxReceiveCount: deliveryAttempts,
        }),
        tags: context.tags,
      },
      child,
    );
    this.topic = new aws.sns.Topic(`${name}-topic`, { tags: context.tags }, child);
    this.publisher = this.publish(digestSeconds);
    this.subscribe(emails);
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
    const publisher = new LambdaHandler(
      `${this.name}-publish`,
      {
        context,
        handler: "publish",
        description: "Words the events of the results queue and publishes them to the topic",
        environment: { STACK: context.stack, TOPIC_ARN: this.topic.arn },
        logRetentionDays,
        timeout: publisherTimeoutSeconds,
      },
      { parent: this },
    );
    const consume = grant(
      this.name,
      publisher.grantee,
      "consume",
      [
        {
          Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
          Resource: this.queue.arn,
        },
      ],
      this,
    );
    grant(this.name, publisher.grantee, "topic", [{ Action: "sns:Publish", Resource: this.topic.arn }], this);
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

  private subscribe(emails: string[]): void {
    emails.forEach((endpoint) => {
      new aws.sns.TopicSubscription(
        `${this.name}-${endpoint.replace(/\W+/g, "-")}`,
        { topic: this.topic.arn, protocol: "email", endpoint },
        { parent: this },
      );
    });
  }
}
