import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { type Announcing } from "../shared/announcing";
import { readEnvironment, rules } from "../shared/environment";
import { createLog } from "../shared/log";
import { recordSchema, targetOf } from "../shared/schema";
import { predict } from "./predict";
import { RequestReader } from "./request";

/**
 * POST /predict behind API Gateway (REST, proxy integration): validates the request, asks the endpoint,
 * answers, and puts the results on the queue. Everything here is made once and kept between requests.
 */

const { STACK, ENDPOINT_NAME, RESULTS_QUEUE_URL, ANNOUNCING } = readEnvironment({
  STACK: rules.stack,
  ENDPOINT_NAME: rules.endpointName,
  RESULTS_QUEUE_URL: rules.url,
  ANNOUNCING: { pattern: /^\{.*\}$/, expected: "slipway:announcePredictions as JSON" },
});

// API Gateway gives up after 29 s. The endpoint has 23 s, retries included; the queue what is left.
const endpointMilliseconds = 23_000;

const keepAlive = { keepAlive: true };

const endpoint = new SageMakerRuntimeClient({
  maxAttempts: 3,
  requestHandler: {
    connectionTimeout: 1000,
    requestTimeout: 15_000,
    throwOnRequestTimeout: true,
    httpAgent: keepAlive,
    httpsAgent: keepAlive,
  },
});

const queue = new SQSClient({
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 1000,
    requestTimeout: 2000,
    throwOnRequestTimeout: true,
    httpAgent: keepAlive,
    httpsAgent: keepAlive,
  },
});

const ports = {
  stack: STACK,
  target: targetOf(recordSchema),
  announcing: JSON.parse(ANNOUNCING) as Announcing,
  reader: new RequestReader(recordSchema),
  log: createLog({ stack: STACK, function: "predict" }),
  now: () => new Date(),

  async invoke(body: string) {
    const output = await endpoint.send(
      new InvokeEndpointCommand({
        EndpointName: ENDPOINT_NAME,
        ContentType: "application/json",
        Accept: "application/json",
        Body: body,
      }),
      { abortSignal: AbortSignal.timeout(endpointMilliseconds) },
    );
    return { body: output.Body.transformToString(), customAttributes: output.CustomAttributes };
  },

  async announce(event: object) {
    await queue.send(
      new SendMessageCommand({ QueueUrl: RESULTS_QUEUE_URL, MessageBody: JSON.stringify(event) }),
    );
  },
};

export const handler = (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => predict(event, ports);
