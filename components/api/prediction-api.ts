import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Announcing } from "../../handlers/shared/announcing";
import { type StateTable } from "../data/state-table";
import { type ModelEndpoint } from "../endpoint/model-endpoint";
import { LambdaHandler } from "../lambda/lambda-handler";
import { type ResultsTopic } from "../results/results-topic";
import { stackAlarm, watch, type Watched } from "../shared/alarm";
import { type Context } from "../shared/context";
import { type ApiSettings } from "./api-settings";
import { RestApi, type Route } from "./rest-api";

export interface PredictionApiArgs {
  context: Context;
  endpoint: ModelEndpoint;
  results: ResultsTopic;
  /** Remembers idempotency keys. */
  state: StateTable;
  settings: ApiSettings;
  logRetentionDays: number;
  /** Which predictions the subscribers hear of. */
  announcing?: Announcing;
  /** What the API answers beside `POST /predict`. */
  routes?: Route[];
}

// API Gateway waits 29 s for an answer.
const lambdaTimeoutSeconds = 28;

/** Of the release engine: it asks one record a second while it deploys, and a few at the end. */
const releaseLimits = { rateLimit: 10, burstLimit: 20 };

/** The public prediction URL: a REST API with keys and a usage plan, and the Lambda that asks the endpoint. */
export class PredictionApi extends pulumi.ComponentResource {
  /** `POST` a record to it, with the header `x-api-key`. */
  readonly url: pulumi.Output<string>;
  /** Of the API, where the playground is; without a slash at its end. */
  readonly rootUrl: pulumi.Output<string>;
  /** Secret. */
  readonly apiKey: pulumi.Output<string>;
  /** Secret. The release engine's own key: subscribers do not hear of what it asks, and callers' limits are not its own. */
  readonly releaseKey: pulumi.Output<string>;
  readonly predictor: LambdaHandler;
  readonly watched: Watched[];

  constructor(
    private readonly name: string,
    private readonly args: PredictionApiArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:api:PredictionApi", name, {}, opts);
    const { context, endpoint, results, state, settings } = args;
    const { requestsPerSecond, burst, requestsPerDay, allowedOrigins } = settings;
    const releaseKey = this.key("release-key", "The release engine");
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
          ANNOUNCING: JSON.stringify(args.announcing ?? {}),
          STATE_TABLE: state.table.name,
          RELEASE_KEY_ID: releaseKey.id,
          ALLOWED_ORIGINS: allowedOrigins.join(","),
        },
        logRetentionDays: args.logRetentionDays,
        timeout: lambdaTimeoutSeconds,
        memorySize: 512,
        tracing: settings.tracing,
      },
      { parent: this },
    );
    endpoint.grantInvoke(this.predictor.grantee);
    results.grantSend(this.predictor.grantee);
    state.grantUse(this.predictor.grantee, "idempotency");

    const routes: Route[] = [
      {
        ...{ method: "POST", path: "/predict", handler: this.predictor, apiKeyRequired: true },
        requestBody: "object",
      },
      ...(args.routes ?? []),
    ];
    const { stage, url } = new RestApi(
      name,
      {
        context,
        description: `Predictions of ${context.project}, stack ${context.stack}`,
        routes: allowedOrigins.length > 0 ? [...routes, ...this.preflights(routes)] : routes,
        settings,
        logRetentionDays: args.logRetentionDays,
      },
      { parent: this },
    );
    const key = this.key("key", "Callers");
    const quotaSettings = requestsPerDay > 0 ? { limit: requestsPerDay, period: "DAY" } : undefined;
    this.plan("plan", stage, key, { rateLimit: requestsPerSecond, burstLimit: burst }, quotaSettings);
    this.plan("release-plan", stage, releaseKey, releaseLimits);
    this.apiKey = pulumi.secret(key.value);
    this.releaseKey = pulumi.secret(releaseKey.value);
    this.watched = [this.watchPredictor()];
    this.rootUrl = url;
    this.url = pulumi.interpolate`${url}/predict`;
    this.registerOutputs({ url: this.url });
  }

  /** It answers whatever happens: an error is one that ran out of time or memory, or could not start. */
  private watchPredictor(): Watched {
    const { context } = this.args;
    return watch(
      `${this.name}-errors`,
      {
        context,
        alarmName: `${stackAlarm(context)}-api-errors`,
        title: "Requests to which the predict Lambda gave no answer",
        alarmDescription:
          `The Lambda of POST /predict has ended without an answer, and callers got a 502: ` +
          `look at 'npx slipway logs ${context.stack} predict'.`,
        ...{ namespace: "AWS/Lambda", metricName: "Errors", statistic: "Sum" },
        dimensions: { FunctionName: this.predictor.function.name },
        ...{ threshold: 0, period: 300, evaluationPeriods: 1 },
      },
      { parent: this },
    );
  }

  /** What browsers ask before a page may: answered by the predict Lambda for all paths. */
  private preflights(routes: Route[]): Route[] {
    return [...new Set(routes.map(({ path }) => path))].map((path) => ({
      ...{ method: "OPTIONS", path, handler: this.predictor, apiKeyRequired: false },
    }));
  }

  private key(label: string, who: string): aws.apigateway.ApiKey {
    const { project, stack, tags } = this.args.context;
    return new aws.apigateway.ApiKey(
      `${this.name}-${label}`,
      { description: `${who} of ${project}, stack ${stack}`, tags },
      { parent: this },
    );
  }

  /** Lets the key in, within limits. */
  private plan(
    label: string,
    stage: aws.apigateway.Stage,
    key: aws.apigateway.ApiKey,
    throttleSettings: aws.types.input.apigateway.UsagePlanThrottleSettings,
    quotaSettings?: aws.types.input.apigateway.UsagePlanQuotaSettings,
  ): void {
    const plan = new aws.apigateway.UsagePlan(
      `${this.name}-${label}`,
      {
        apiStages: [{ apiId: stage.restApi, stage: stage.stageName }],
        throttleSettings,
        ...(quotaSettings ? { quotaSettings } : {}),
        tags: this.args.context.tags,
      },
      { parent: this },
    );
    new aws.apigateway.UsagePlanKey(
      `${this.name}-${label}-key`,
      { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id },
      { parent: this },
    );
  }
}
