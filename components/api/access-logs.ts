import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type Context } from "../shared/context";
import { policyDocument } from "../shared/policy";

/** Whether there are access logs, and who gives API Gateway the right to write them: see docs/decisions. */
export const accessLogChoices = ["none", "account-role", "own-role"] as const;
export type AccessLogs = (typeof accessLogChoices)[number];

/** One line a request: nothing of what was sent, no address and no key, of the key only its id. */
const format = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTimeEpoch",
  method: "$context.httpMethod",
  path: "$context.resourcePath", // as declared: /batches/{id}
  status: "$context.status",
  latencyMs: "$context.responseLatency",
  integrationMs: "$context.integrationLatency",
  bytes: "$context.responseLength",
  keyId: "$context.identity.apiKeyId",
  refusal: "$context.error.responseType",
});

/** Name of the log group of a stack's access logs. */
export const accessLogGroup = ({ project, stack }: Context) => `/aws/apigateway/${project}-${stack}`;

/** Where a stage logs its requests, and how. Undefined when it does not. */
export function accessLogSettings(
  name: string,
  {
    context,
    accessLogs,
    logRetentionDays,
  }: { context: Context; accessLogs: AccessLogs; logRetentionDays: number },
  parent: pulumi.Resource,
):
  | {
      settings: pulumi.Input<aws.types.input.apigateway.StageAccessLogSettings>;
      dependsOn: pulumi.Resource[];
    }
  | undefined {
  if (accessLogs === "none") return undefined;
  const group = new aws.cloudwatch.LogGroup(
    `${name}-access-logs`,
    {
      name: accessLogGroup(context),
      retentionInDays: logRetentionDays,
      tags: context.tags,
    },
    { parent },
  );
  const dependsOn = accessLogs === "own-role" ? [accountRole(name, context, parent)] : [];
  return { settings: { destinationArn: group.arn, format }, dependsOn };
}

/** The role by which all REST APIs of the account write logs in this region. It outlives the stack: others use it. */
function accountRole(name: string, context: Context, parent: pulumi.Resource): pulumi.Resource {
  const role = new aws.iam.Role(
    `${name}-account-logs-role`,
    {
      // Without a condition on the account: API Gateway tries the role before it takes it, and then names none.
      assumeRolePolicy: policyDocument([
        { Principal: { Service: "apigateway.amazonaws.com" }, Action: "sts:AssumeRole" },
      ]),
      description: "API Gateway writes the logs of this account's REST APIs",
      tags: context.tags,
    },
    { parent, retainOnDelete: true },
  );
  const attachment = new aws.iam.RolePolicyAttachment(
    `${name}-account-logs-policy`,
    {
      role: role.name,
      policyArn: `arn:${context.partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`,
    },
    { parent, retainOnDelete: true },
  );
  return new aws.apigateway.Account(
    `${name}-account`,
    { cloudwatchRoleArn: role.arn },
    { parent, retainOnDelete: true, dependsOn: attachment },
  );
}
