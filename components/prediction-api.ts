import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context } from "./context";
import { LambdaHandler } from "./lambda-handler";
import { type ModelEndpoint } from "./model-endpoint";
import { RestApi, type Route } from "./rest-api";
import { type ResultsTopic } from "./results-topic";
import { isWholeNumber, requireProperty } from "./validation";

export interface PredictionApiArgs {
  context: Context;
  endpoint: ModelEndpoint;
  results: ResultsTopic;
  logRetentionDays: number;
  /** Of one API key, sustained. */
  requestsPerSecond: number;
  /** Of one API key, at once. */
  burst: number;
  /** What the API answers beside `POST /predict`. */
  routes?: Route[];
}

// API Gateway waits 29 s for an answer.
const lambdaTimeoutSeconds = 28;

/** The public prediction URL: a REST API with keys and a usage plan, and the Lambda that asks the endpoint. */
export class PredictionApi extends pulumi.ComponentResource {
  /** `POST` a record to it, with the header `x-api-key`. */
  readonly url: pulumi.Output<string>;
  /** Secret. */
  readonly apiKey: pulumi.Output<string>;
  readonly predictor: LambdaHandler;

  constructor(
    private readonly name: string,
    private readonly args: PredictionApiArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:api:PredictionApi", name, {}, opts);
    const { context, endpoint, results, requestsPerSecond, burst } = args;
    for (const [property, value] of Object.entries({ requestsPerSecond, burst })) {
      requireProperty(
        isWholeNumber(value, 1, 10_000),
        property,
        value,
        "give a whole number from 1 to 10000",
      );
    }
    this.predictor = new LambdaHandler(
      `${name}-predict`,
      {
        context,
        handler: "predict",
        description: "Answers POST /predict: checks the records, asks the endpoint, queues the results",
        environment: {
          STACK: context.stack,
          ENDPOINT_NAME: endpoint.endpointName,
          RESULTS_QUEUE_URL: results.queue.url,
        },
        logRetentionDays: args.logRetentionDays,
        timeout: lambdaTimeoutSeconds,
        memorySize: 512,
      },
      { parent: this },
    );
    endpoint.grantInvoke(this.predictor.grantee);
    results.grantSend(this.predictor.grantee);

    const { stage, url } = new RestApi(
      name,
      {
        context,
        description: `Predictions of ${context.project}, stack ${context.stack}`,
        routes: [
          { method: "POST", path: "/predict", handler: this.predictor, apiKeyRequired: true },
          ...(args.routes ?? []),
        ],
      },
      { parent: this },
    );
    this.apiKey = this.keyFor(stage);
    this.url = pulumi.interpolate`${url}/predict`;
    this.registerOutputs({ url: this.url });
  }

  private keyFor(stage: aws.apigateway.Stage): pulumi.Output<string> {
    const { context, requestsPerSecond, burst } = this.args;
    const child = { parent: this };
    const plan = new aws.apigateway.UsagePlan(
      `${this.name}-plan`,
      {
        apiStages: [{ apiId: stage.restApi, stage: stage.stageName }],
        throttleSettings: { rateLimit: requestsPerSecond, burstLimit: burst },
        tags: context.tags,
      },
      child,
    );
    const key = new aws.apigateway.ApiKey(
      `${this.name}-key`,
      { description: `Predictions of ${context.project}, stack ${context.stack}`, tags: context.tags },
      child,
    );
    new aws.apigateway.UsagePlanKey(
      `${this.name}-plan-key`,
      { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id },
      child,
    );
    return pulumi.secret(key.value);
  }
}
