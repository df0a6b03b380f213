import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type StateTable } from "../data/state-table";
import { LambdaHandler } from "../lambda/lambda-handler";
import { type ResultsTopic } from "../results/results-topic";
import { type Context } from "../shared/context";
import { grant } from "../shared/policy";
import { type Route } from "./rest-api";

export interface PublicSubscriptionsArgs {
  context: Context;
  results: ResultsTopic;
  state: StateTable;
  logRetentionDays: number;
}

/**
 * Lets those who call the API subscribe email addresses, and the owners of addresses take them out. The links in mails
 * are signed with a key that never leaves KMS: there is no secret in the state, in the environment or in a log.
 */
export class PublicSubscriptions extends pulumi.ComponentResource {
  readonly handler: LambdaHandler;

  constructor(
    private readonly name: string,
    private readonly args: PublicSubscriptionsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:api:PublicSubscriptions", name, {}, opts);
    const { context, results, state } = args;
    const key = new aws.kms.Key(
      `${name}-key`,
      {
        description: `Signs the links that end subscriptions of ${context.project}, stack ${context.stack}`,
        customerMasterKeySpec: "HMAC_256",
        keyUsage: "GENERATE_VERIFY_MAC",
        deletionWindowInDays: 7,
        tags: context.tags,
      },
      { parent: this },
    );
    this.handler = new LambdaHandler(
      `${name}-subscriptions`,
      {
        context,
        handler: "subscriptions",
        description: "Answers /subscriptions and /unsubscribe: email addresses come to the topic and go",
        environment: {
          STACK: context.stack,
          TOPIC_ARN: results.topic.arn,
          STATE_TABLE: state.table.name,
          KEY_ARN: key.arn,
          RESULTS_QUEUE_URL: results.queue.url,
        },
        logRetentionDays: args.logRetentionDays,
        timeout: 20,
      },
      { parent: this },
    );
    results.grantSend(this.handler.grantee);
    state.grantUse(this.handler.grantee, "subscription");
    this.permit(key);
    this.registerOutputs({ functionArn: this.handler.function.arn });
  }

  /** What the API answers. People who want to stop mails have no key. */
  get routes(): Route[] {
    const { handler } = this;
    return [
      { method: "POST", path: "/subscriptions", handler, apiKeyRequired: true },
      { method: "POST", path: "/subscriptions/removals", handler, apiKeyRequired: false },
      { method: "GET", path: "/unsubscribe", handler, apiKeyRequired: false },
      { method: "POST", path: "/unsubscribe", handler, apiKeyRequired: false },
    ];
  }

  private permit(key: aws.kms.Key): void {
    const topic = this.args.results.topic.arn;
    const { grantee } = this.handler;
    grant(
      this.name,
      grantee,
      "sign",
      [{ Action: ["kms:GenerateMac", "kms:VerifyMac"], Resource: key.arn }],
      this,
    );
    grant(
      this.name,
      grantee,
      "topic",
      [
        {
          Action: "sns:Subscribe",
          Resource: topic,
          Condition: { StringEquals: { "sns:Protocol": "email" } },
        },
        { Action: "sns:ListSubscriptionsByTopic", Resource: topic },
        { Action: "sns:Unsubscribe", Resource: "*" }, // a subscription is no resource to IAM
      ],
      this,
    );
  }
}
