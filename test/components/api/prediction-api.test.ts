import { expect } from "chai";
import { type ApiSettings } from "../../../components/api/api-settings";
import { PredictionApi } from "../../../components/api/prediction-api";
import { type Route } from "../../../components/api/rest-api";
import { StateTable } from "../../../components/data/state-table";
import { type ModelEndpoint } from "../../../components/endpoint/model-endpoint";
import { type LambdaHandler } from "../../../components/lambda/lambda-handler";
import { ResultsTopic } from "../../../components/results/results-topic";
import { endpointService, queueService, tableService } from "../../../handlers/predict/limits";
import { context, type Declared, declare, only, statements } from "../mocks";

const settings: ApiSettings = {
  ...{ requestsPerSecond: 10, burst: 20, requestsPerDay: 0, totalRequestsPerSecond: 100, totalBurst: 200 },
  ...{ allowedOrigins: [], accessLogs: "none", tracing: false },
};

const endpoint = {
  endpointName: "slipway-dev-serverless",
  grantInvoke: () => undefined,
} as unknown as ModelEndpoint;

const api = (changes: Partial<ApiSettings> = {}, routes?: (predictor: LambdaHandler) => Route[]) =>
  declare(() => {
    const state = new StateTable("state", { context, deleteData: true });
    const results = new ResultsTopic("results", {
      ...{ context, state, subscribers: [], digestSeconds: 1, logRetentionDays: 30 },
    });
    const args = {
      context,
      endpoint,
      results,
      state,
      settings: { ...settings, ...changes },
      logRetentionDays: 30,
    };
    if (!routes) return void new PredictionApi("api", args);
    const { predictor } = new PredictionApi("other", args);
    new PredictionApi("api", { ...args, routes: routes(predictor) });
  });

const all = (declared: Declared[], type: string) => declared.filter((each) => each.type.endsWith(`:${type}`));

describe("PredictionApi", () => {
  it("limits each key, all callers together, and a key's day when asked to", async () => {
    const declared = await api();
    expect(only(declared, "UsagePlan", "api-plan").throttleSettings).to.deep.equal({
      rateLimit: 10,
      burstLimit: 20,
    });
    expect(only(declared, "UsagePlan", "api-plan")).not.to.have.property("quotaSettings");
    expect(only(declared, "MethodSettings")).to.deep.include({
      methodPath: "*/*",
      settings: { throttlingRateLimit: 100, throttlingBurstLimit: 200 },
    });
    const limited = only(await api({ requestsPerDay: 500 }), "UsagePlan", "api-plan");
    expect(limited.quotaSettings).to.deep.equal({ limit: 500, period: "DAY" });
  });

  it("gives the release engine a key of its own, whose id the Lambda knows, and which callers' limits do not touch", async () => {
    const declared = await api({ requestsPerDay: 1 });
    expect(only(declared, "UsagePlan", "api-release-plan")).not.to.have.property("quotaSettings");
    expect(only(declared, "UsagePlanKey", "api-release-plan-key").keyId).to.equal("api-release-key-id");
    const { variables } = only(declared, "Function", "api-predict-function").environment as {
      variables: Record<string, string>;
    };
    expect(variables.RELEASE_KEY_ID).to.equal("api-release-key-id");
  });

  it("lets the Lambda use no items of the table but idempotency keys", async () => {
    const [statement] = statements(only(await api(), "RolePolicy", "state-predict-idempotency"));
    expect(statement).to.deep.include({
      Condition: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": ["idempotency#*"] } },
    });
  });

  it("answers what API Gateway refuses with problem documents, 404 for a path that there is not", async () => {
    const responses = all(await api(), "Response").map(({ inputs }) => inputs);
    for (const { responseTemplates, responseParameters } of responses) {
      const [[type, template] = []] = Object.entries(responseTemplates as Record<string, string>);
      expect(type).to.equal("application/json");
      const document = JSON.parse(template!) as Record<string, unknown>;
      expect(document).to.have.all.keys(
        ...["type", "title", "detail", "requestId"],
        ...(document.status ? ["status"] : []),
      );
      expect(document.type).to.match(/^urn:slipway:problem:[a-z-]+$/);
      expect(responseParameters).to.have.property(
        "gatewayresponse.header.Content-Type",
        "'application/problem+json'",
      );
      expect(responseParameters).not.to.have.property("gatewayresponse.header.Access-Control-Allow-Origin");
    }
    const statuses: Record<string, unknown> = Object.fromEntries(
      responses.map(({ responseType, statusCode }): [string, unknown] => [String(responseType), statusCode]),
    );
    expect(statuses).to.include({
      ...{
        INVALID_API_KEY: "403",
        MISSING_AUTHENTICATION_TOKEN: "404",
        THROTTLED: "429",
        QUOTA_EXCEEDED: "429",
      },
      ...{ REQUEST_TOO_LARGE: "413", BAD_REQUEST_BODY: "400", DEFAULT_5XX: undefined },
    });
  });

  it("deploys anew when a gateway response changes", async () => {
    const trigger = async (origins: string[]) =>
      (only(await api({ allowedOrigins: origins }), "Deployment").triggers as { definition: string })
        .definition;
    expect(await trigger(["https://a.example"])).not.to.equal(await trigger(["https://b.example"]));
    expect(await trigger(["https://a.example"])).to.equal(await trigger(["https://a.example"]));
  });

  it("answers browsers' preflights for each path once, without a key, when origins are allowed", async () => {
    const options = (declared: Declared[]) =>
      all(declared, "Method").filter(
        ({ name, inputs }) => name.startsWith("api-") && inputs.httpMethod === "OPTIONS",
      );
    expect(options(await api())).to.deep.equal([]);
    const declared = await api({ allowedOrigins: ["https://a.example", "https://b.example"] }, (handler) => [
      { method: "POST", path: "/batches", handler, apiKeyRequired: true },
      { method: "GET", path: "/batches", handler, apiKeyRequired: true },
    ]);
    expect(options(declared).map(({ name, inputs }) => [name, inputs.apiKeyRequired])).to.deep.equal([
      ["api-predict-options", false],
      ["api-batches-options", false],
    ]);
    const denied = only(declared, "Response", "api-invalid-api-key").responseParameters;
    expect(denied).to.have.property(
      "gatewayresponse.header.Access-Control-Allow-Origin",
      "method.request.header.Origin",
    );
    const one = only(await api({ allowedOrigins: ["https://a.example"] }), "Response", "api-throttled");
    expect(one.responseParameters).to.have.property(
      "gatewayresponse.header.Access-Control-Allow-Origin",
      "'https://a.example'",
    );
  });

  it("checks at the gateway that the body of POST /predict is a JSON object", async () => {
    const declared = await api();
    expect(only(declared, "Method", "api-predict-post")).to.deep.include({
      requestValidatorId: "api-body-validator-id",
      requestModels: { "application/json": "JsonObject" },
    });
    expect(only(declared, "RequestValidator").validateRequestBody).to.equal(true);
  });

  it("logs each request without what was sent, the caller's address or the key, for as long as other logs", async () => {
    const declared = await api({ accessLogs: "account-role" });
    const { format } = only(declared, "Stage").accessLogSettings as { format: string };
    expect(Object.keys(JSON.parse(format) as object)).to.include.members(["requestId", "status", "keyId"]);
    expect(format).not.to.match(/sourceIp|identity\.apiKey"|userAgent|caller|user\b|querystring|body/i);
    expect(only(declared, "LogGroup", "access-logs").retentionInDays).to.equal(30);
    expect(all(declared, "Account")).to.deep.equal([]);
    expect(only(await api(), "Stage")).not.to.have.property("accessLogSettings");
  });

  it("sets the account's role for API Gateway's logs only when told to", async () => {
    const declared = await api({ accessLogs: "own-role" });
    expect(only(declared, "Account").cloudwatchRoleArn).to.match(/api-account-logs-role$/);
  });

  it("traces through gateway and Lambda when asked to", async () => {
    const declared = await api({ tracing: true });
    expect(only(declared, "Stage").xrayTracingEnabled).to.equal(true);
    expect(only(declared, "Function", "predict-function").tracingConfig).to.deep.equal({ mode: "Active" });
    const [statement] = statements(only(declared, "RolePolicy", "api-predict-predict-traces"));
    expect(statement?.Action).to.deep.equal(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]);
    expect(only(await api(), "Function", "predict-function")).not.to.have.property("tracingConfig");
  });

  it("leaves the Lambda time to say what is wrong before API Gateway gives up", async () => {
    const seconds = only(await api(), "Function", "api-predict-function").timeout as number;
    const asked = endpointService.totalMs + queueService.totalMs + 2 * tableService.totalMs;
    const loading = 2000; // generously: 60 ms on a laptop's processor, of which 512 MB have a third
    expect(asked + loading).to.be.at.most(seconds * 1000);
    expect(seconds).to.be.below(29);
    for (const { attemptMs, totalMs } of [endpointService, queueService, tableService])
      expect(attemptMs).to.be.below(totalMs);
  });
});
