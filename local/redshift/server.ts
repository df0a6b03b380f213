import { type Context, type Hono } from "hono";
import { authorize } from "../sagemaker/authorization";
import { awsError, awsJson, parseBody, signedRequest } from "../sagemaker/protocol/aws-json";
import { AwsError } from "../sagemaker/protocol/errors";
import { awsApp } from "../sagemaker/protocol/serving";
import { validate } from "../sagemaker/protocol/validation";
import { namespaceOperations } from "./operations/namespaces";
import { statementOperations } from "./operations/statements";
import { tagOperations } from "./operations/tags";
import { usageLimitOperations } from "./operations/usage-limits";
import { workgroupOperations } from "./operations/workgroups";
import type { Operation, Platform } from "./platform";

interface Service {
  model: "data" | "serverless";
  operations: Map<string, Operation>;
  /** What the names of its IAM actions begin with. */
  action: string;
}

/** The services that `POST /` answers, by the start of their X-Amz-Target header. */
const services = new Map<string, Service>([
  [
    "RedshiftData",
    { model: "data", operations: new Map(Object.entries(statementOperations)), action: "redshift-data" },
  ],
  [
    "RedshiftServerless",
    {
      model: "serverless",
      operations: new Map(
        Object.entries({
          ...namespaceOperations,
          ...workgroupOperations,
          ...usageLimitOperations,
          ...tagOperations,
        }),
      ),
      action: "redshift-serverless",
    },
  ],
]);

/** The server: the Redshift Data API and Redshift Serverless at `POST /`, and its own health. */
export function createApp(platform: Platform): Hono {
  const app = awsApp("The local Redshift", "InternalServerException");
  app.get("/_slipway/health", (c) => c.json({ status: "ok" }));
  app.post("/", (c) => answer(c, platform));
  return app;
}

/** Answers one request of the AWS JSON 1.1 protocol. */
async function answer(c: Context, platform: Platform): Promise<Response> {
  try {
    const request = await signedRequest(c);
    const { name, operation, model, action } = operationOf(request.headers["x-amz-target"] ?? "", platform);
    const input = parseBody(request.body);
    validate(model, model.inputShape(name) ?? "", input);
    const { cloudUrl } = platform.settings;
    await authorize(cloudUrl, request, `${action}:${name}`, operation.resource(input, platform));
    for (const need of operation.needs?.(input, platform) ?? []) {
      const context: Record<string, string> =
        need.action === "iam:PassRole" ? { "iam:PassedToService": "redshift-serverless.amazonaws.com" } : {};
      await authorize(cloudUrl, request, need.action, need.resource, context);
    }
    return awsJson(await operation.run(input, platform), 200);
  } catch (error) {
    if (error instanceof AwsError) return awsError(error);
    throw error;
  }
}

/** @throws AwsError when the target names no operation that is here. */
function operationOf(target: string, platform: Platform) {
  const [prefix = "", name = ""] = target.split(".");
  const service = services.get(prefix);
  const operation = service?.operations.get(name);
  if (service && operation)
    return { name, operation, model: platform.models[service.model], action: service.action };
  throw new AwsError(
    "UnknownOperationException",
    `The local Redshift does not have the operation '${target}' (yet).`,
  );
}
