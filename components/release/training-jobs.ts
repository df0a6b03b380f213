import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type DataBucket } from "../data/data-bucket";
import { type Context, arn } from "../shared/context";
import { type Grantee, grant, policyDocument, trustPolicy } from "../shared/policy";
import { jobLogGroups } from "./job-log-groups";
import { type ModelImage } from "./model-image";

export interface TrainingJobsArgs {
  context: Context;
  data: DataBucket;
  image: ModelImage;
  logRetentionDays: number;
}

/**
 * What processing, training and evaluation (batch transform) jobs need: the role that they run under, and a log of their state changes.
 * The jobs themselves belong to a release (`slipway release`), not to the infrastructure.
 */
export class TrainingJobs extends pulumi.ComponentResource {
  readonly role: aws.iam.Role;
  readonly history: aws.cloudwatch.LogGroup;
  /** Names of this stack's jobs begin with it. */
  readonly jobPrefix: string;
  private readonly grantee: Grantee;

  constructor(
    private readonly name: string,
    private readonly args: TrainingJobsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:training:TrainingJobs", name, {}, opts);
    const { context, data, image } = args;
    this.jobPrefix = `${context.project}-${context.stack}-`;
    this.role = new aws.iam.Role(
      `${name}-role`,
      { assumeRolePolicy: trustPolicy("sagemaker.amazonaws.com", context.accountId), tags: context.tags },
      { parent: this },
    );
    this.grantee = { role: this.role, label: "jobs" };
    data.grantRead(this.grantee, "snapshots/*");
    data.grantReadWrite(this.grantee, "releases/*");
    image.grantPull(this.grantee);
    this.grantTelemetry();
    this.history = this.keepHistory();
    this.registerOutputs({ roleArn: this.role.arn });
  }

  /** EventBridge pattern of this stack's jobs that failed. */
  get failures() {
    return { source: ["aws.sagemaker"], ...this.pattern(["Failed"]) };
  }

  private pattern(statuses: string[]) {
    const ofThisStack = { prefix: this.jobPrefix };
    return {
      "detail-type": ["SageMaker Training Job State Change", "SageMaker Processing Job State Change"],
      detail: {
        $or: [
          { TrainingJobName: [ofThisStack], TrainingJobStatus: statuses },
          { ProcessingJobName: [ofThisStack], ProcessingJobStatus: statuses },
        ],
      },
    };
  }

  private grantTelemetry(): void {
    const { context } = this.args;
    const { processing, training, transform } = jobLogGroups;
    const groups = [training, processing, transform];
    grant(
      this.name,
      this.grantee,
      "telemetry",
      [
        {
          Action: [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogStreams",
          ],
          Resource: groups.flatMap((group) => [
            arn(context, "logs", `log-group:${group}`),
            arn(context, "logs", `log-group:${group}:log-stream:*`),
          ]),
        },
        {
          // PutMetricData knows no resources; the condition holds it to SageMaker's own metrics.
          Action: "cloudwatch:PutMetricData",
          Resource: "*",
          Condition: { StringLike: { "cloudwatch:namespace": "/aws/sagemaker/*" } },
        },
      ],
      this,
    );
  }

  /** Every state change of a job, from EventBridge into a log group that outlives the jobs. */
  private keepHistory(): aws.cloudwatch.LogGroup {
    const { context, logRetentionDays } = this.args;
    const child = { parent: this };
    const history = new aws.cloudwatch.LogGroup(
      `${this.name}-history`,
      // EventBridge writes to groups under /aws/events/ only
      {
        name: `/aws/events/${context.project}-${context.stack}-jobs`,
        retentionInDays: logRetentionDays,
        tags: context.tags,
      },
      child,
    );
    const access = new aws.cloudwatch.LogResourcePolicy(
      `${this.name}-history-access`,
      {
        policyName: `${context.project}-${context.stack}-jobs`,
        policyDocument: policyDocument([
          {
            Principal: { Service: ["events.amazonaws.com", "delivery.logs.amazonaws.com"] },
            Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
            Resource: pulumi.interpolate`${history.arn}:*`,
          },
        ]),
      },
      child,
    );
    const rule = new aws.cloudwatch.EventRule(
      `${this.name}-changes`,
      {
        description: `State changes of the jobs of ${context.project}, stack ${context.stack}`,
        eventPattern: JSON.stringify({
          source: ["aws.sagemaker"],
          ...this.pattern(["InProgress", "Completed", "Failed", "Stopped"]),
        }),
        tags: context.tags,
      },
      child,
    );
    new aws.cloudwatch.EventTarget(
      `${this.name}-changes-to-history`,
      { rule: rule.name, arn: history.arn },
      { parent: this, dependsOn: access },
    );
    return history;
  }
}
