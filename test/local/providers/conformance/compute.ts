import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Values, policyOf, trustOf } from "./world";

/** A Lambda with its role, and an API with everything that hangs on it. */
export function compute(values: Values, queue: aws.sqs.Queue) {
  const { change, replace } = values;
  const role = new aws.iam.Role("role", {
    ...{ name: replace("role-one", "role-two"), description: change("first", "second") },
    assumeRolePolicy: trustOf("lambda"),
  });
  const policy = new aws.iam.RolePolicy("role", {
    ...{ name: "own", role: role.name },
    policy: policyOf({ Sid: change("First", "Second"), Action: "sqs:*", Resource: "*" }),
  });
  const source = new pulumi.asset.StringAsset("exports.handler = async () => ({ statusCode: 200 });");
  const handler = new aws.lambda.Function("function", {
    ...{ name: replace("function-one", "function-two"), role: role.arn, runtime: "nodejs20.x" },
    ...{ handler: "index.handler", code: new pulumi.asset.AssetArchive({ "index.js": source }) },
    memorySize: change(128, 256),
  });
  new aws.lambda.EventSourceMapping(
    "queue",
    { functionName: handler.name, eventSourceArn: queue.arn, batchSize: change(5, 8) },
    { dependsOn: policy },
  );
  new aws.lambda.Permission("function", {
    ...{ function: handler.name, action: "lambda:InvokeFunction", statementId: "api" },
    principal: "apigateway.amazonaws.com",
  });
  accessLogs(values);
  api(values, handler);
}

function accessLogs({ change, replace }: Values) {
  const [one, two] = ["one", "two"].map((name) => {
    const assumeRolePolicy = trustOf("apigateway");
    return new aws.iam.Role(`logs-${name}`, { name: `logs-${name}`, assumeRolePolicy });
  });
  new aws.iam.RolePolicyAttachment("logs", {
    role: replace(one!.name, two!.name),
    policyArn: "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
  });
  new aws.apigateway.Account("logs", { cloudwatchRoleArn: change(one!.arn, two!.arn) });
}

function api({ change, replace }: Values, handler: aws.lambda.Function) {
  const description = change("first", "second");
  const [one, two] = ["one", "two"].map(
    (name) => new aws.apigateway.RestApi(`api-${name}`, { name, description }),
  );
  const restApi = replace(one!.id, two!.id);
  const resource = new aws.apigateway.Resource("resource", {
    ...{ restApi, parentId: replace(one!.rootResourceId, two!.rootResourceId) },
    pathPart: change("first", "second"),
  });
  const validator = new aws.apigateway.RequestValidator("validator", {
    ...{ restApi, name: "body", validateRequestBody: change(false, true) },
  });
  new aws.apigateway.Model("model", {
    ...{ restApi, name: "Trip", contentType: "application/json" },
    schema: JSON.stringify({ type: "object", title: change("First", "Second") }),
  });
  const method = new aws.apigateway.Method("method", {
    ...{ restApi, resourceId: resource.id, httpMethod: "POST", authorization: "NONE" },
    ...{ apiKeyRequired: change(false, true), requestValidatorId: validator.id },
  });
  const integration = new aws.apigateway.Integration("integration", {
    ...{ restApi, resourceId: resource.id, httpMethod: method.httpMethod, type: "AWS_PROXY" },
    ...{ integrationHttpMethod: "POST", uri: handler.invokeArn, timeoutMilliseconds: change(5000, 6000) },
  });
  new aws.apigateway.Response("response", {
    ...{ restApiId: restApi, responseType: "BAD_REQUEST_BODY", statusCode: change("400", "422") },
  });
  const deployment = new aws.apigateway.Deployment(
    "deployment",
    { restApi, description },
    { dependsOn: integration },
  );
  const stage = new aws.apigateway.Stage("stage", {
    ...{ restApi, deployment: deployment.id, stageName: "v1", description },
  });
  const { stageName } = stage;
  new aws.apigateway.MethodSettings("settings", {
    ...{ restApi, stageName, methodPath: "*/*", settings: { throttlingBurstLimit: change(10, 20) } },
  });
  const key = new aws.apigateway.ApiKey("key", { name: replace("key-one", "key-two"), description });
  const plan = new aws.apigateway.UsagePlan("plan", {
    ...{ name: "plan", description, apiStages: [{ apiId: restApi, stage: stageName }] },
  });
  new aws.apigateway.UsagePlanKey("key", { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id });
}
