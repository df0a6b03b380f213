import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type LambdaHandler } from "../lambda/lambda-handler";
import { type Context } from "../shared/context";
import { accessLogSettings } from "./access-logs";
import { type ApiSettings } from "./api-settings";
import { gatewayResponses } from "./gateway-responses";

/** One operation of the API, answered by a Lambda. */
export interface Route {
  method: "GET" | "POST" | "DELETE" | "OPTIONS";
  /** From the stage on: `/`, `/predict`, `/batches/{id}`. */
  path: string;
  handler: LambdaHandler;
  /** Whether callers must send the header `x-api-key`; then the usage plan's limits count. */
  apiKeyRequired: boolean;
  /** API Gateway refuses bodies that are no JSON object before the Lambda is asked; what is in them is the Lambda's. */
  requestBody?: "object";
}

export interface RestApiArgs {
  context: Context;
  description: string;
  routes: Route[];
  settings: Pick<
    ApiSettings,
    "totalRequestsPerSecond" | "totalBurst" | "allowedOrigins" | "accessLogs" | "tracing"
  >;
  logRetentionDays: number;
}

const stageName = "v1";

/** Of CloudWatch's metrics of a stack's API. */
export const apiDimensions = ({ project, stack }: Context) => ({
  ApiName: `${project}-${stack}`,
  Stage: stageName,
});

/** A REST API in API Gateway: its routes, each answered by a Lambda, and the one stage that the public calls. */
export class RestApi extends pulumi.ComponentResource {
  readonly stage: aws.apigateway.Stage;
  /** Of the stage, without a slash at its end. */
  readonly url: pulumi.Output<string>;
  private readonly api: aws.apigateway.RestApi;
  private readonly resources = new Map<string, aws.apigateway.Resource>();
  private bodyCheck:
    | { requestValidatorId: pulumi.Output<string>; requestModels: Record<string, pulumi.Output<string>> }
    | undefined;

  constructor(
    private readonly name: string,
    private readonly args: RestApiArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:api:RestApi", name, {}, opts);
    const { context, description, routes, settings } = args;
    this.api = new aws.apigateway.RestApi(
      `${name}-api`,
      {
        name: `${context.project}-${context.stack}`,
        description,
        endpointConfiguration: { types: "REGIONAL" },
        tags: context.tags,
      },
      { parent: this },
    );
    const deployment = this.deploy(routes.map((route) => this.serve(route)));
    this.permit(routes);
    const logs = accessLogSettings(
      name,
      { context, accessLogs: settings.accessLogs, logRetentionDays: args.logRetentionDays },
      this,
    );
    this.stage = new aws.apigateway.Stage(
      `${name}-stage`,
      {
        ...{ restApi: this.api.id, deployment: deployment.id, stageName, tags: context.tags },
        ...(logs ? { accessLogSettings: logs.settings } : {}),
        xrayTracingEnabled: settings.tracing,
      },
      { parent: this, ...(logs ? { dependsOn: logs.dependsOn } : {}) },
    );
    this.throttle(settings);
    this.url = this.stage.invokeUrl;
    this.registerOutputs({ url: this.url });
  }

  /** A copy of the API as it is, which a stage can serve; a new one whenever something in it changes. */
  private deploy(parts: ReturnType<RestApi["serve"]>[]): aws.apigateway.Deployment {
    const { responses, definition } = gatewayResponses(
      this.name,
      this.api.id,
      this.args.settings.allowedOrigins,
      { parent: this },
    );
    const triggers = parts.flatMap(({ resourceId, method, integration, checksBody }) => [
      ...[resourceId, method.id, method.apiKeyRequired, checksBody],
      ...[integration.id, integration.uri],
    ]);
    return new aws.apigateway.Deployment(
      `${this.name}-deployment`,
      { restApi: this.api.id, triggers: { definition: pulumi.jsonStringify([...triggers, definition]) } },
      {
        parent: this,
        dependsOn: [...parts.flatMap(({ method, integration }) => [method, integration]), ...responses],
      },
    );
  }

  /** Limits all callers of a path together: a usage plan limits only those who have a key. */
  private throttle({ totalRequestsPerSecond, totalBurst }: RestApiArgs["settings"]): void {
    new aws.apigateway.MethodSettings(
      `${this.name}-throttle`,
      {
        ...{ restApi: this.api.id, stageName: this.stage.stageName, methodPath: "*/*" },
        settings: { throttlingRateLimit: totalRequestsPerSecond, throttlingBurstLimit: totalBurst },
      },
      { parent: this },
    );
  }

  /** Method and integration of a route. */
  private serve({ method: httpMethod, path, handler, apiKeyRequired, requestBody }: Route) {
    const label = `${this.name}-${labelOf(path)}-${httpMethod.toLowerCase()}`;
    const resourceId = this.resourceId(path);
    const method = new aws.apigateway.Method(
      label,
      {
        ...{ restApi: this.api.id, resourceId, httpMethod, authorization: "NONE", apiKeyRequired },
        ...(requestBody ? this.objectBody() : {}),
      },
      { parent: this },
    );
    const integration = new aws.apigateway.Integration(
      `${label}-lambda`,
      {
        restApi: this.api.id,
        resourceId,
        httpMethod: method.httpMethod,
        type: "AWS_PROXY",
        integrationHttpMethod: "POST", // Lambda is invoked by POST whatever the method is
        uri: handler.function.invokeArn,
      },
      { parent: this },
    );
    // Not the method's own requestValidatorId: where there is none, a preview does not know it, and sees a change.
    return { resourceId, method, integration, checksBody: requestBody !== undefined };
  }

  /** How a method says that it takes a JSON object only; the same for all that do. */
  private objectBody() {
    if (this.bodyCheck) return this.bodyCheck;
    const restApi = this.api.id;
    const model = new aws.apigateway.Model(
      `${this.name}-object`,
      { restApi, name: "JsonObject", contentType: "application/json", schema: '{"type":"object"}' },
      { parent: this },
    );
    const validator = new aws.apigateway.RequestValidator(
      `${this.name}-body-validator`,
      { restApi, validateRequestBody: true },
      { parent: this },
    );
    this.bodyCheck = { requestValidatorId: validator.id, requestModels: { "application/json": model.name } };
    return this.bodyCheck;
  }

  /** The resource of a path, made with those above it when it is asked for first. */
  private resourceId(path: string): pulumi.Output<string> {
    if (path === "/") return this.api.rootResourceId;
    const known = this.resources.get(path);
    if (known) return known.id;
    const cut = path.lastIndexOf("/");
    const resource = new aws.apigateway.Resource(
      `${this.name}-${labelOf(path)}-path`,
      {
        restApi: this.api.id,
        parentId: this.resourceId(path.slice(0, cut) || "/"),
        pathPart: path.slice(cut + 1),
      },
      { parent: this },
    );
    this.resources.set(path, resource);
    return resource.id;
  }

  /** Lets API Gateway invoke each Lambda, for its own routes only. */
  private permit(routes: Route[]): void {
    for (const { method, path, handler } of routes) {
      new aws.lambda.Permission(
        `${this.name}-invoke-${labelOf(path)}-${method.toLowerCase()}`,
        {
          action: "lambda:InvokeFunction",
          function: handler.function.name,
          principal: "apigateway.amazonaws.com",
          // a path's parameters are stars here
          sourceArn: pulumi.interpolate`${this.api.executionArn}/${stageName}/${method}${path.replace(/\{[^}]+\}/g, "*")}`,
        },
        { parent: this },
      );
    }
  }
}

/** `batches-id` of `/batches/{id}`. */
const labelOf = (path: string) => path.replace(/\W+/g, "-").replace(/^-|-$/g, "") || "root";
