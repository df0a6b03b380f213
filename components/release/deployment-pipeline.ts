import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type DataBucket } from "../data/data-bucket";
import { type Context } from "../shared/context";
import { requireProperty } from "../shared/validation";

/** From where a stack is deployed, and as whom. */
export interface PipelineSettings {
  /** ARN of a connection to the host of the repository (CodeConnections). */
  connection: string;
  /** `owner/name` there. */
  repository: string;
  branch: string;
  /** ARN of a role of CodePipeline and CodeBuild that may deploy the stack. */
  role: string;
  /** URL of the bucket with Pulumi's state: `s3://...` */
  state: string;
}

export interface DeploymentPipelineArgs {
  context: Context;
  /** Keeps the sources between the stages. */
  data: DataBucket;
  settings: PipelineSettings;
  logRetentionDays: number;
}

/** What each setting looks like, and what to write. */
const shapes: Record<keyof PipelineSettings, [RegExp, string]> = {
  connection: [/^arn:[a-z-]+:code(star-)?connections:.+/, "the ARN of a connection of CodeConnections"],
  repository: [/^[^/\s]+(\/[^/\s]+)+$/, "owner/name"],
  branch: [/^\S+$/, "the branch whose pushes deploy the stack"],
  role: [/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "the ARN of a role that may deploy the stack"],
  state: [/^s3:\/\/.+/, "the URL of the bucket with Pulumi's state, s3://..."],
};

/** `codePipeline`: undefined for none. @throws InputPropertyError with the field, the bad value and the fix. */
export function readPipelineSettings(config: pulumi.Config): PipelineSettings | undefined {
  const settings = config.getObject<Partial<PipelineSettings>>("codePipeline") ?? {};
  if (Object.keys(settings).length === 0) return undefined;
  for (const name of Object.keys(settings)) {
    const known = Object.keys(shapes);
    requireProperty(
      known.includes(name),
      `codePipeline.${name}`,
      name,
      `leave it out: there are ${known.join(", ")}`,
    );
  }
  for (const [name, [shape, fix]] of Object.entries(shapes)) {
    const value = settings[name as keyof PipelineSettings];
    requireProperty(
      typeof value === "string" && shape.test(value),
      `codePipeline.${name}`,
      value,
      `write ${fix}`,
    );
  }
  return settings as PipelineSettings;
}

/** CodeBuild ends a build that takes longer. */
const buildMinutes = 115;

/**
 * Deploys the stack on a push where there are no GitHub Actions: CodePipeline fetches the branch, and CodeBuild runs `buildspec.yml`, the same
 * commands as the workflow `deploy`. One run at a time, none ended midway.
 */
export class DeploymentPipeline extends pulumi.ComponentResource {
  readonly pipeline: aws.codepipeline.Pipeline;

  constructor(
    name: string,
    { context, data, settings, logRetentionDays }: DeploymentPipelineArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:deploy:DeploymentPipeline", name, {}, opts);
    const { tags, project, stack } = context;
    const child = { parent: this };
    const buildName = `${project}-${stack}-deploy`;
    const logs = new aws.cloudwatch.LogGroup(
      `${name}-logs`,
      { name: `/aws/codebuild/${buildName}`, retentionInDays: logRetentionDays, tags },
      child,
    );
    const build = new aws.codebuild.Project(
      `${name}-build`,
      {
        name: buildName,
        serviceRole: settings.role,
        source: { type: "CODEPIPELINE", buildspec: "buildspec.yml" },
        artifacts: { type: "CODEPIPELINE" },
        environment: {
          type: "LINUX_CONTAINER",
          computeType: "BUILD_GENERAL1_MEDIUM",
          image: "aws/codebuild/amazonlinux-x86_64-standard:5.0",
          privilegedMode: true, // builds the model's image with Docker
          environmentVariables: [
            { name: "STACK", value: stack },
            { name: "AWS_REGION", value: context.region },
            { name: "PULUMI_BACKEND_URL", value: settings.state },
          ],
        },
        encryptionKey: data.key.arn,
        logsConfig: { cloudwatchLogs: { groupName: logs.name } },
        buildTimeout: buildMinutes,
        tags,
      },
      child,
    );
    const action = { owner: "AWS", version: "1" };
    this.pipeline = new aws.codepipeline.Pipeline(
      `${name}-pipeline`,
      {
        name: `${project}-${stack}`,
        pipelineType: "V2",
        executionMode: "QUEUED",
        roleArn: settings.role,
        artifactStores: [
          { type: "S3", location: data.bucket.bucket, encryptionKey: { type: "KMS", id: data.key.arn } },
        ],
        stages: [
          {
            name: "Source",
            actions: [
              {
                ...{ ...action, name: "Fetch", category: "Source", provider: "CodeStarSourceConnection" },
                outputArtifacts: ["source"],
                configuration: {
                  ConnectionArn: settings.connection,
                  FullRepositoryId: settings.repository,
                  BranchName: settings.branch,
                  OutputArtifactFormat: "CODEBUILD_CLONE_REF", // with its history, of which a release names the commit
                },
              },
            ],
          },
          {
            name: "Deploy",
            actions: [
              {
                ...{ ...action, name: "Deploy", category: "Build", provider: "CodeBuild" },
                inputArtifacts: ["source"],
                configuration: { ProjectName: build.name },
              },
            ],
          },
        ],
        tags,
      },
      child,
    );
    this.registerOutputs({ pipelineName: this.pipeline.name });
  }
}
