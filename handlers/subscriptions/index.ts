import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GenerateMacCommand, KMSClient, KMSInvalidMacException, VerifyMacCommand } from "@aws-sdk/client-kms";
import {
  InvalidParameterException,
  NotFoundException,
  paginateListSubscriptionsByTopic,
  SNSClient,
  SubscribeCommand,
  UnsubscribeCommand,
} from "@aws-sdk/client-sns";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { addressHash } from "../shared/subscription";
import { TableLimits } from "./limits";
import { type Ports, subscriptions } from "./subscriptions";

/** The API's part about subscriptions by email, behind API Gateway (REST, proxy integration). */

const { STACK, TOPIC_ARN, STATE_TABLE, KEY_ARN, RESULTS_QUEUE_URL } = readEnvironment({
  STACK: rules.stack,
  TOPIC_ARN: rules.topicArn,
  STATE_TABLE: rules.tableName,
  KEY_ARN: rules.keyArn,
  RESULTS_QUEUE_URL: rules.url,
});

const settings = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
};
const sns = new SNSClient(settings);
const sqs = new SQSClient(settings);
const kms = new KMSClient(settings);
const log = createLog({ stack: STACK, function: "subscriptions" });

const mac = (text: string) =>
  ({ KeyId: KEY_ARN, MacAlgorithm: "HMAC_SHA_256", Message: Buffer.from(text) }) as const;

const ports: Ports = {
  stack: STACK,
  topic: TOPIC_ARN.split(":").at(-1) ?? TOPIC_ARN,
  limits: new TableLimits(new DynamoDBClient(settings), STATE_TABLE),
  log,
  now: () => new Date(),

  signer: {
    async sign(text) {
      const { Mac } = await kms.send(new GenerateMacCommand(mac(text)));
      if (Mac === undefined) throw new Error("KMS gave no signature");
      return Mac;
    },
    async verify(text, signature) {
      try {
        const { MacValid } = await kms.send(new VerifyMacCommand({ ...mac(text), Mac: signature }));
        return MacValid === true;
      } catch (error) {
        if (error instanceof KMSInvalidMacException) return false;
        throw error;
      }
    },
  },

  async subscribe(email, filterPolicy) {
    const Attributes = { FilterPolicy: JSON.stringify(filterPolicy) };
    try {
      await sns.send(
        new SubscribeCommand({ TopicArn: TOPIC_ARN, Protocol: "email", Endpoint: email, Attributes }),
      );
    } catch (error) {
      // Subscribed already, with other wishes, or an address that SNS does not take: the caller is not told.
      if (!(error instanceof InvalidParameterException)) throw error;
      log.info("SNS has not subscribed the address", { reason: error.name });
    }
  },

  async unsubscribe(hash) {
    const found: string[] = [];
    for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
      { client: sns },
      { TopicArn: TOPIC_ARN },
    )) {
      for (const { Protocol, Endpoint, SubscriptionArn } of Subscriptions) {
        const isConfirmed = SubscriptionArn?.startsWith("arn:"); // or it says PendingConfirmation
        if (Protocol === "email" && SubscriptionArn && isConfirmed && addressHash(Endpoint ?? "") === hash) {
          found.push(SubscriptionArn);
        }
      }
    }
    for (const SubscriptionArn of found) {
      await sns.send(new UnsubscribeCommand({ SubscriptionArn })).catch((error: unknown) => {
        if (!(error instanceof NotFoundException)) throw error; // the button pressed twice
      });
    }
    return found.length;
  },

  async announce(event) {
    await sqs.send(
      new SendMessageCommand({ QueueUrl: RESULTS_QUEUE_URL, MessageBody: JSON.stringify(event) }),
    );
  },
};

export const handler = (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> =>
  subscriptions(event, ports);
