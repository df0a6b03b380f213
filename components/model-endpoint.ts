import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Context, arn } from "./context";
import { type Release } from "./current-release";
import { type DataBucket } from "./data-bucket";
import { type ModelImage } from "./model-image";
import { type Grantee, grant, trustPolicy } from "./policy";
import { isWholeNumber, requireProperty } from "./validation";

/** `serverless` costs nothing while nobody asks; `real-time` has instances that are always warm. */
export type EndpointCapacity =
  | { kind: "serverless"; memorySizeInMb: number; maxConcurrency: number }
  | { kind: "real-time"; instanceType: string; instanceCount: number };

export interface ModelEndpointArgs {
  context: Context;
  data: DataBucket;
  image: ModelImage;
  capacity: EndpointCapacity;
  /** What is served; without one there is no endpoint, and the API answers 503. */
  release: Release | undefined;
  logRetentionDays: number;
}

/** The SageMaker endpoint of the current release. */
export class ModelEndpoint extends pulumi.ComponentResource {
  /**
   * Name of the endpoint, whether it is there already or not. The kind is part of it: SageMaker cannot turn a
   * serverless endpoint into a real-time one under the same name, or back.
   */
  readonly endpointName: string;

  constructor(
    private readonly name: string,
    private readonly args: ModelEndpointArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:model:ModelEndpoint", name, {}, opts);
    const { context, capacity, release } = args;
    checkCapacity(capacity);
    this.endpointName = `${context.project}-${context.stack}-${capacity.kind}`;
    const role = this.executionRole();
    if (release) this.serve(release, role);
    this.registerOutputs({ endpointName: this.endpointName });
  }

  /** Lets the grantee ask the endpoint for predictions. */
  grantInvoke(grantee: Grantee): void {
    const endpoint = arn(this.args.context, "sagemaker", `endpoint/${this.endpointName}`);
    grant(this.name, grantee, "invoke", [{ Action: "sagemaker:InvokeEndpoint", Resource: endpoint }], this);
  }

  /** What the container runs under: it may read its artifact, pull its image and write its log. */
  private executionRole(): aws.iam.Role {
    const { context, data, image, logRetentionDays } = this.args;
    const role = new aws.iam.Role(
      `${this.name}-role`,
      { assumeRolePolicy: trustPolicy("sagemaker.amazonaws.com", context.accountId), tags: context.tags },
      { parent: this },
    );
    const grantee = { role, label: "endpoint" };
    const logGroup = `/aws/sagemaker/Endpoints/${this.endpointName}`;
    new aws.cloudwatch.LogGroup(
      `${this.name}-logs`,
      { name: logGroup, retentionInDays: logRetentionDays, tags: context.tags },
      { parent: this },
    );
    data.grantRead(grantee, "releases/*");
    image.grantPull(grantee);
    grant(
      this.name,
      grantee,
      "logs",
      [
        {
          Action: ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"],
          Resource: [
            arn(context, "logs", `log-group:${logGroup}`),
            arn(context, "logs", `log-group:${logGroup}:log-stream:*`),
          ],
        },
      ],
      this,
    );
    return role;
  }

  /**
   * Model and endpoint configuration are immutable in SageMaker and so get names of Pulumi's making: a new release
   * has new ones, the endpoint moves over to them, and only then the old ones go.
   */
  private serve(release: Release, role: aws.iam.Role): void {
    const tags = { ...this.args.context.tags, Release: release.id };
    const child = { parent: this };
    const model = new aws.sagemaker.Model(
      `${this.name}-model`,
      {
        executionRoleArn: role.arn,
        primaryContainer: {
          image: release.imageUri,
          modelDataUrl: release.modelDataUrl,
          environment: { RELEASE_ID: release.id },
        },
        tags,
      },
      child,
    );
    const configuration = new aws.sagemaker.EndpointConfiguration(
      `${this.name}-configuration`,
      { productionVariants: [productionVariant(this.args.capacity, model.name)], tags },
      child,
    );
    new aws.sagemaker.Endpoint(
      `${this.name}-endpoint`,
      { name: this.endpointName, endpointConfigName: configuration.name, tags: this.args.context.tags },
      child,
    );
  }
}

function productionVariant(capacity: EndpointCapacity, modelName: pulumi.Output<string>) {
  const variant = { variantName: "AllTraffic", modelName, initialVariantWeight: 1 };
  switch (capacity.kind) {
    case "serverless": {
      const { memorySizeInMb, maxConcurrency } = capacity;
      return { ...variant, serverlessConfig: { memorySizeInMb, maxConcurrency } };
    }
    case "real-time": {
      const { instanceType, instanceCount } = capacity;
      return { ...variant, instanceType, initialInstanceCount: instanceCount };
    }
  }
}

function checkCapacity(capacity: EndpointCapacity): void {
  switch (capacity.kind) {
    case "serverless": {
      const { memorySizeInMb, maxConcurrency } = capacity;
      requireProperty(
        isWholeNumber(memorySizeInMb / 1024, 1, 6),
        "memorySizeInMb",
        memorySizeInMb,
        "give 1024, 2048, 3072, 4096, 5120 or 6144",
      );
      requireProperty(
        isWholeNumber(maxConcurrency, 1, 200),
        "maxConcurrency",
        maxConcurrency,
        "give a whole number of requests at a time from 1 to 200",
      );
      return;
    }
    case "real-time": {
      const { instanceType, instanceCount } = capacity;
      requireProperty(
        instanceType.startsWith("ml."),
        "instanceType",
        instanceType,
        "give a SageMaker instance type such as ml.m5.large",
      );
      requireProperty(
        isWholeNumber(instanceCount, 1, 100),
        "instanceCount",
        instanceCount,
        "give a whole number of instances from 1 to 100",
      );
    }
  }
}
