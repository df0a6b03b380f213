import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { type Announcing } from "../shared/announcing";
import { AwsClient } from "../shared/aws";
import { originsRule } from "../shared/cors";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { recordSchema, targetOf } from "../shared/schema";
import { TableClaims } from "./claims";
import { endpointService, queueService, tableService } from "./limits";
import { predict } from "./predict";
import { RequestReader } from "./request";
import { validate } from "./validate";

/**
 * POST /predict behind API Gateway (REST, proxy integration): validates the request, asks the endpoint,
 * answers, and puts the results on the queue. Everything here is made once and kept between requests.
 */

const settings = readEnvironment({
  STACK: rules.stack,
  ENDPOINT_NAME: rules.endpointName,
  RESULTS_QUEUE_URL: rules.url,
  STATE_TABLE: { pattern: /^[\w.-]{3,255}$/, expected: "the name of a DynamoDB table" },
  RELEASE_KEY_ID: { pattern: /^\w+$/, expected: "the id of an API key" },
  ALLOWED_ORIGINS: originsRule,
  ANNOUNCING: { pattern: /^\{.*\}$/, expected: "slipway:announcePredictions as JSON" },
});

const endpoint = new AwsClient(endpointService);
const queue = new AwsClient(queueService);

/** The inference ids that SageMaker takes. Callers may choose the request id of API Gateway, from which it is made. */
const takenIds = /^[!-~]{1,64}$/;

const ports = {
  stack: settings.STACK,
  target: targetOf(recordSchema),
  announcing: JSON.parse(settings.ANNOUNCING) as Announcing,
  reader: new RequestReader(recordSchema, validate),
  allowedOrigins: settings.ALLOWED_ORIGINS,
  releaseKeyId: settings.RELEASE_KEY_ID,
  claims: new TableClaims(new AwsClient(tableService), settings.STATE_TABLE),
  log: createLog({ stack: settings.STACK, function: "predict" }),
  now: () => new Date(),

  async invoke(records: string, inferenceId: string) {
    const path = `/endpoints/${settings.ENDPOINT_NAME}/invocations`;
    const sent: Record<string, string> = { "content-type": "application/json", accept: "application/json" };
    if (takenIds.test(inferenceId)) sent["x-amzn-sagemaker-inference-id"] = inferenceId;
    const { headers, body } = await endpoint.post(path, sent, records);
    return { body, customAttributes: headers["x-amzn-sagemaker-custom-attributes"] };
  },

  async announce(event: object) {
    const message = { QueueUrl: settings.RESULTS_QUEUE_URL, MessageBody: JSON.stringify(event) };
    await queue.call("AmazonSQS.SendMessage", message);
  },
};

export const handler = (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => predict(event, ports);
