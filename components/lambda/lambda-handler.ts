import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context, arn } from "../shared/context";
import { type Grantee, grant, trustPolicy } from "../shared/policy";
import { isWholeNumber, requireProperty } from "../shared/validation";
import { bundle, lambdaRuntime } from "./bundle";

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
  /** Whether X-Ray gets traces of it. */
  tracing?: boolean;
  /** Lets the function reach what is in a VPC. Without it, it reaches the internet and no VPC. */
  vpcConfig?: VpcConfig;
}

/** Where a function is put in a VPC. */
export interface VpcConfig {
  subnetIds: pulumi.Input<string[]>;
  securityGroupIds: pulumi.Input<string[]>;
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
    const interfaces = args.vpcConfig
      ? [this.grantInterfaces(name, context, functionName, args.vpcConfig)]
      : [];
    const traced = args.tracing ? [this.grantTracing(name)] : [];
    this.function = new aws.lambda.Function(
      `${name}-function`,
      {
        name: functionName,
        description: args.description,
        runtime: lambdaRuntime,
        architectures: ["arm64"], // a fifth cheaper than x86_64
        handler: "index.handler",
        code: bundle(handler, context.problem),
        role: role.arn,
        memorySize,
        timeout,
        environment: { variables: args.environment },
        vpcConfig: args.vpcConfig,
        ...(args.tracing ? { tracingConfig: { mode: "Active" } } : {}),
        loggingConfig: { logFormat: "Text", logGroup: this.logGroup.name },
        tags,
      },
      { parent: this, dependsOn: [logging, ...interfaces, ...traced] },
    );
    this.registerOutputs({ functionArn: this.function.arn });
  }

  private grantTracing(name: string): aws.iam.RolePolicy {
    const send = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"];
    return grant(name, this.grantee, "traces", [{ Action: send, Resource: "*" }], this); // X-Ray offers nothing narrower
  }

  /**
   * Lets Lambda, which does it in the role's name, put network interfaces into the VPC; the function's own code may not
   * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html).
   */
  private grantInterfaces(
    name: string,
    context: Context,
    functionName: string,
    { subnetIds, securityGroupIds }: VpcConfig,
  ): aws.iam.RolePolicy {
    const arns = (kind: string, ids: pulumi.Input<string[]>) =>
      pulumi.output(ids).apply((all) => all.map((id) => arn(context, "ec2", `${kind}/${id}`)));
    const interfaces = arn(context, "ec2", "network-interface/*");
    const describe = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];
    const change = [
      ...["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"],
      ...["ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"],
    ];
    return grant(
      name,
      this.grantee,
      "network-interfaces",
      [
        { Action: change, Resource: interfaces },
        { Action: "ec2:CreateNetworkInterface", Resource: arns("subnet", subnetIds) },
        { Action: "ec2:CreateNetworkInterface", Resource: arns("security-group", securityGroupIds) },
        { Action: describe, Resource: "*" }, // EC2 offers nothing narrower
        {
          Effect: "Deny",
          Action: [...change, ...describe],
          Resource: "*",
          Condition: {
            ArnEquals: { "lambda:SourceFunctionArn": arn(context, "lambda", `function:${functionName}`) },
          },
        },
      ],
      this,
    );
  }
}
