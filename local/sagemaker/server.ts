import { type Context, Hono } from "hono";
import { randomUUID } from "node:crypto";
import { type SignedRequest, authorize } from "./authorization";
import { autoscalingOperations } from "./autoscaling/operations";
import { credentialsPath } from "./container-credentials";
import { operations } from "./operations";
import type { Operation } from "./operations/operation";
import { type Platform, arnOf } from "./platform";
import { AwsError } from "./protocol/errors";
import { validate } from "./protocol/validation";
import { invokeEndpoint } from "./runtime/invoke";

/** Above what any request may hold: larger ones are not even read. */
const maxBodyBytes = 30 * 1024 * 1024;

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
  const app = new Hono();
  app.use(logged);
  app.get("/_slipway/health", (c) => c.json({ status: "ok", executor: platform.settings.executor }));
  app.get(credentialsPath, async (c) => {
    const credentials = await platform.containerCredentials.answer(c.req.header("authorization"));
    return credentials ? c.json(credentials) : c.json({ message: "unknown token" }, 403);
  });
  app.post("/", (c) => controlPlane(c, platform));
  app.post("/endpoints/:name/invocations", (c) => runtime(c, platform));
  app.notFound((c) =>
    awsError(
      new AwsError(
        "UnknownOperationException",
        `The local SageMaker has no ${c.req.method} ${c.req.path}.`,
        404,
      ),
    ),
  );
  app.onError((error) => {
    console.error(error.stack);
    return awsError(new AwsError("InternalFailure", `The local SageMaker failed: ${error.message}`, 500));
  });
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
async function runtime(c: Context, platform: Platform): Promise<Response> {
  const arrived = performance.now();
  try {
    const request = await signedRequest(c);
    const endpointName = c.req.param("name") ?? "";
    const { cloudUrl } = platform.settings;
    await authorize(
      cloudUrl,
      request,
      "sagemaker:InvokeEndpoint",
      arnOf(platform.settings, "endpoint", endpointName),
    );
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

async function signedRequest(c: Context): Promise<SignedRequest & { body: Buffer }> {
  const length = Number(c.req.header("content-length") ?? 0);
  if (length > maxBodyBytes) {
    throw new AwsError(
      "RequestEntityTooLarge",
      `The request has ${length} bytes, more than the ${maxBodyBytes} allowed.`,
      413,
    );
  }
  const url = new URL(c.req.url);
  const names = [...new Set(url.searchParams.keys())];
  return {
    method: c.req.method,
    path: url.pathname,
    query: Object.fromEntries(names.map((name) => [name, url.searchParams.getAll(name)])),
    headers: c.req.header(),
    body: Buffer.from(await c.req.arrayBuffer()),
  };
}

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

function parseBody(body: Buffer): object {
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // falls through: not JSON
  }
  throw new AwsError("SerializationException", "The body of the request is not a JSON object.");
}

function awsJson(value: object, status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": randomUUID(), ...headers },
  });
}

function awsError({ code, message, fields, status }: AwsError, httpStatus = status): Response {
  // SDKs read either spelling; AWS itself uses both, by the error's shape.
  return awsJson({ __type: code, message, Message: message, ...fields }, httpStatus, {
    "x-amzn-errortype": code,
  });
}

/** One line of the access log for each request that a client sent. */
async function logged(c: Context, next: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await next();
  if (c.req.path.startsWith("/_slipway/")) return;
  const target = c.req.header("x-amz-target") ?? "";
  const refusal = c.res.headers.get("x-amzn-errortype") ?? "";
  const ms = (performance.now() - start).toFixed(1);
  console.log(
    [new Date().toISOString(), c.req.method, c.req.path, target, c.res.status, refusal, `${ms} ms`]
      .filter(Boolean)
      .join(" "),
  );
}
