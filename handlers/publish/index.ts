import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { type SQSBatchResponse, type SQSEvent } from "aws-lambda";
import pRetry from "p-retry";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { TableClaims } from "./claims";
import { type Notification } from "./notification";
import { publishBatch, receive } from "./publish";

/** Results queue -> topic, and receipts queue. The mapping of the results queue must report batch item failures. */

const environment = readEnvironment({
  STACK: rules.stack,
  TOPIC_ARN: rules.topicArn,
  RECEIPTS_QUEUE_ARN: rules.queueArn,
  STATE_TABLE: rules.tableName,
  LEASE_SECONDS: { pattern: /^[1-9]\d*$/, expected: "a whole number of seconds" },
  API_URL: rules.optionalUrl,
  UNSUBSCRIBE_URL: rules.optionalUrl,
});

const { STACK, TOPIC_ARN, RECEIPTS_QUEUE_ARN, STATE_TABLE, LEASE_SECONDS, API_URL, UNSUBSCRIBE_URL } =
  environment;

const requestHandler = { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true };
// Once: an answer that is lost would make the second try a second mail.
const sns = new SNSClient({ maxAttempts: 1, requestHandler });
const table = new DynamoDBClient({ maxAttempts: 3, requestHandler });

const ports = {
  stack: STACK,
  places: {
    topic: TOPIC_ARN.split(":").at(-1) ?? TOPIC_ARN,
    ...(API_URL ? { api: API_URL } : {}),
    ...(UNSUBSCRIBE_URL ? { unsubscribe: UNSUBSCRIBE_URL } : {}),
  },
  claims: new TableClaims(table, STATE_TABLE, Number(LEASE_SECONDS)),
  log: createLog({ stack: STACK, function: "publish" }),

  async publish({ subject, message, attributes }: Notification) {
    const command = new PublishCommand({
      TopicArn: TOPIC_ARN,
      Subject: subject,
      MessageStructure: "json",
      Message: JSON.stringify(message),
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: "String", StringValue: value }]),
      ),
    });
    await pRetry(() => sns.send(command), { retries: 3, minTimeout: 200, shouldRetry: isThrottled });
  },
};

/** Whether SNS has refused for being asked too often: then it surely has not taken the message. */
const isThrottled = ({ error }: { error: Error & { $metadata?: { httpStatusCode?: number } } }) =>
  error.name.startsWith("Throttl") || error.$metadata?.httpStatusCode === 429;

export async function handler({ Records }: SQSEvent): Promise<SQSBatchResponse | undefined> {
  const isReceipts = Records[0]?.eventSourceARN === RECEIPTS_QUEUE_ARN; // a batch comes from one queue
  return isReceipts ? receive(Records, ports) : publishBatch(Records, ports);
}
