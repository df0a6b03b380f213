import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { bundle, lambdaRuntime } from "./bundle";
import { type Context, arn } from "./context";
import { type Grantee, grant, trustPolicy } from "./policy";
import { isWholeNumber, requireProperty } from "./validation";

export interface LambdaHandlerArgs {
  context: Context;
  /** Name of a folder in `handlers/`. */
  handler: string;
  /** Of the function, after project and stack. Default: that of the handler. */
  name?: string;
  description: string;
  environment: Record<string, pulumi.Input<string>>;
  logRetentionDays: number;
  /** Seconds, 1 to 900. */
  timeout: number;
  /** Megabytes, 128 to 10,240; processor time grows with it. Default 256. */
  memorySize?: number;
}

/** A Lambda function with a role that may do nothing but write to its own log group, until it is granted more. */
export class LambdaHandler extends pulumi.ComponentResource {
  readonly function: aws.lambda.Function;
  readonly grantee: Grantee;
  readonly logGroup: aws.cloudwatch.LogGroup;

  constructor(name: string, args: LambdaHandlerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("slipway:compute:LambdaHandler", name, {}, opts);
    const { context, handler, memorySize = 256, timeout } = args;
    requireProperty(isWholeNumber(timeout, 1, 900), "timeout", timeout, "give whole seconds from 1 to 900");
    requireProperty(
      isWholeNumber(memorySize, 128, 10_240),
      "memorySize",
      memorySize,
      "give whole megabytes from 128 to 10240",
    );
    const tags = context.tags;
    const child = { parent: this };
    // A fixed name: the log group is there before the function, which may then not create any.
    const label = args.name ?? handler;
    const functionName = `${context.project}-${context.stack}-${label}`;
    requireProperty(functionName.length <= 64, "name", functionName, "shorten it: AWS takes 64 characters");
    const role = new aws.iam.Role(
      `${name}-role`,
      { assumeRolePolicy: trustPolicy("lambda.amazonaws.com", context.accountId), tags },
      child,
    );
    this.grantee = { role, label };
    this.logGroup = new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      { name: `/aws/lambda/${functionName}`, retentionInDays: args.logRetentionDays, tags },
      child,
    );
    const logging = grant(
      name,
      this.grantee,
      "logs",
      [
        {
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: arn(context, "logs", `log-group:/aws/lambda/${functionName}:*`),
        },
      ],
      this,
    );
    this.function = new aws.lambda.Function(
      `${name}-function`,
      {
        name: functionName,
        description: args.description,
        runtime: lambdaRuntime,
        architectures: ["arm64"], // a fifth cheaper than x86_64
        handler: "index.handler",
        code: bundle(handler),
        role: role.arn,
        memorySize,
        timeout,
        environment: { variables: args.environment },
        loggingConfig: { logFormat: "Text", logGroup: this.logGroup.name },
        tags,
      },
      { parent: this, dependsOn: [logging] },
    );
    this.registerOutputs({ functionArn: this.function.arn });
  }
}
