import { type Context, type Hono } from "hono";
import { type SignedRequest, authorize } from "./authorization";
import { autoscalingOperations } from "./autoscaling/operations";
import { credentialsPath } from "./container-credentials";
import { operations } from "./operations";
import type { Operation } from "./operations/operation";
import { type Platform, arnOf } from "./platform";
import { awsError, awsJson, parseBody, signedRequest } from "./protocol/aws-json";
import { AwsError } from "./protocol/errors";
import { awsApp } from "./protocol/serving";
import { validate } from "./protocol/validation";
import { Grants } from "./runtime/grants";
import { invokeEndpoint } from "./runtime/invoke";

/** The services that `POST /` answers, by the start of their X-Amz-Target header. */
const services = new Map<string, Service>([
  ["SageMaker", { model: "sagemaker", operations, action: "sagemaker" }],
  [
    "AnyScaleFrontendService",
    { model: "autoscaling", operations: autoscalingOperations, action: "application-autoscaling" },
  ],
]);

interface Service {
  model: "sagemaker" | "autoscaling";
  operations: Map<string, Operation>;
  /** What the names of its IAM actions begin with. */
  action: string;
}

/** The server: the control plane of SageMaker, and of autoscaling for it, at `POST /`, its runtime below `/endpoints`, and its own health. */
export function createApp(platform: Platform): Hono {
  const app = awsApp("The local SageMaker", "InternalFailure");
  app.get("/_slipway/health", (c) => c.json({ status: "ok", executor: platform.settings.executor }));
  app.get(credentialsPath, async (c) => {
    const credentials = await platform.containerCredentials.answer(c.req.header("authorization"));
    return credentials ? c.json(credentials) : c.json({ message: "unknown token" }, 403);
  });
  app.post("/", (c) => controlPlane(c, platform));
  const grants = new Grants(platform.settings.cloudUrl);
  app.post("/endpoints/:name/invocations", (c) => runtime(c, platform, grants));
  return app;
}

/** Answers one request of the AWS JSON 1.1 protocol. */
async function controlPlane(c: Context, platform: Platform): Promise<Response> {
  try {
    const request = await signedRequest(c);
    const { name, service, model } = operationOf(request, platform);
    const operation = service.operations.get(name);
    if (!operation) {
      throw new AwsError(
        "UnknownOperationException",
        `The local SageMaker does not have the operation ${service.action}:${name} (yet).`,
      );
    }
    const input = parseBody(request.body);
    validate(model, model.inputShape(name) ?? "", input);
    const { cloudUrl } = platform.settings;
    await authorize(cloudUrl, request, `${service.action}:${name}`, operation.resource(input, platform));
    const role = operation.passedRole?.(input);
    if (role)
      await authorize(cloudUrl, request, "iam:PassRole", role, {
        "iam:PassedToService": "sagemaker.amazonaws.com",
      });
    return awsJson(await operation.run(input, platform), 200);
  } catch (error) {
    if (error instanceof AwsError) return awsError(error);
    throw error;
  }
}

/** Answers one InvokeEndpoint of the REST JSON protocol. */
async function runtime(c: Context, platform: Platform, grants: Grants): Promise<Response> {
  const arrived = performance.now();
  try {
    const request = await signedRequest(c);
    const endpointName = c.req.param("name") ?? "";
    const endpoint = arnOf(platform.settings, "endpoint", endpointName);
    await grants.authorize(request, "sagemaker:InvokeEndpoint", endpoint);
    const { headers, body } = request;
    const answer = await invokeEndpoint(platform, { endpointName, headers, body, arrived });
    return new Response(new Uint8Array(answer.body), {
      status: answer.status,
      headers: answer.headers as Record<string, string>,
    });
  } catch (error) {
    // A refusal is 403 in this protocol, where the control plane's has 400.
    if (error instanceof AwsError) return awsError(error, isRefusal(error) ? 403 : error.status);
    throw error;
  }
}

const isRefusal = ({ code }: AwsError) =>
  /AccessDenied|InvalidSignature|UnrecognizedClient|Token|IncompleteSignature/.test(code);

/** @throws AwsError when the header names no operation of a service that is here. */
function operationOf({ headers }: SignedRequest, platform: Platform) {
  const target = headers["x-amz-target"] ?? "";
  const [prefix = "", name = ""] = target.split(".");
  const service = services.get(prefix);
  const model = service && platform.models[service.model];
  if (service && model?.hasOperation(name)) return { name, service, model };
  throw new AwsError(
    "UnknownOperationException",
    `The header X-Amz-Target '${target}' names no operation of SageMaker.`,
  );
}
