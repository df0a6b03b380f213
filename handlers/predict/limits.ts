import { type Service } from "../shared/aws";

/**
 * For how long each service may be asked. API Gateway gives up after 29 s and the Lambda ends after 28 s: the endpoint,
 * the queue and the table (before and after) together stay below that, so that a caller always gets an answer with a reason.
 */
export const endpointService: Service = {
  ...{ host: "runtime.sagemaker", id: "SAGEMAKER_RUNTIME", signingName: "sagemaker" },
  ...{ attempts: 3, attemptMs: 15_000, totalMs: 20_000 },
};

export const queueService: Service = {
  ...{ host: "sqs", id: "SQS", signingName: "sqs" },
  ...{ attempts: 2, attemptMs: 1500, totalMs: 2500 },
};

export const tableService: Service = {
  ...{ host: "dynamodb", id: "DYNAMODB", signingName: "dynamodb" },
  ...{ attempts: 2, attemptMs: 1000, totalMs: 1500 },
};
