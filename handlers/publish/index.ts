import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { type SQSBatchResponse, type SQSEvent } from "aws-lambda";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { type Notification, publishBatch } from "./publish";

/**
 * Results queue -> topic. The event source mapping must report batch item failures. SQS may deliver a message twice,
 * and then subscribers hear of it twice: events carry an id by which services can tell.
 */

const { STACK, TOPIC_ARN } = readEnvironment({ STACK: rules.stack, TOPIC_ARN: rules.topicArn });

const sns = new SNSClient({
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1000, requestTimeout: 5000, throwOnRequestTimeout: true },
});

const ports = {
  stack: STACK,
  topic: TOPIC_ARN.split(":").at(-1) ?? TOPIC_ARN,
  log: createLog({ stack: STACK, function: "publish" }),

  async publish({ subject, message, attributes }: Notification) {
    await sns.send(
      new PublishCommand({
        TopicArn: TOPIC_ARN,
        Subject: subject,
        MessageStructure: "json",
        Message: JSON.stringify(message),
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [
            name,
            { DataType: "String", StringValue: value },
          ]),
        ),
      }),
    );
  },
};

export const handler = ({ Records }: SQSEvent): Promise<SQSBatchResponse> => publishBatch(Records, ports);
