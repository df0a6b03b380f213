import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type DataBucket } from "../data/data-bucket";
import { type Artifact, type Release } from "../release/current-release";
import { type ModelImage } from "../release/model-image";
import { type Watched } from "../shared/alarm";
import { type Context, arn } from "../shared/context";
import { type Grantee, grant, trustPolicy } from "../shared/policy";
import { checkCapacity, checkCapture, type EndpointCapacity, isScaled } from "./endpoint-capacity";
import {
  alarmNames,
  checkGuardrails,
  EndpointGuardrails,
  type Guardrails,
  variantName,
} from "./endpoint-guardrails";
import { EndpointScaling } from "./endpoint-scaling";

export interface ModelEndpointArgs {
  context: Context;
  data: DataBucket;
  image: ModelImage;
  capacity: EndpointCapacity;
  /** For deployments of a real-time endpoint; SageMaker has none for serverless ones. */
  guardrails: Guardrails;
  /** What is served; without one there is no endpoint, and the API answers 503. */
  release: Release | undefined;
  /** Of a real-time endpoint's requests: captured with their answers in the data bucket. Default 0: none. */
  captureSharePercent?: number;
  logRetentionDays: number;
}

/** The SageMaker endpoint of the current release. */
export class ModelEndpoint extends pulumi.ComponentResource {
  /**
   * Name of the endpoint, whether it is there already or not. The kind is part of it: SageMaker cannot turn a
   * serverless endpoint into a real-time one under the same name, or back.
   */
  readonly endpointName: string;
  /** Names of the alarms that watch deployments; they are there as long as the endpoint is. */
  readonly alarmNames: string[];
  /** Name of the log group of its containers. */
  readonly logGroup: string;
  /** These alarms, as long as they are there. */
  readonly watched: Watched[] = [];
  /** Name of the model that the endpoint serves, once it does; undefined without a release. */
  readonly modelName: pulumi.Output<string> | undefined;
  /** What the container runs under, in the endpoint and in transform jobs. */
  readonly grantee: Grantee;

  /** Where the requests that the current release has answered are captured in the data bucket; without any, undefined. */
  readonly capturedPrefix: string | undefined;

  constructor(
    private readonly name: string,
    private readonly args: ModelEndpointArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:model:ModelEndpoint", name, {}, opts);
    const { context, capacity, guardrails, release, captureSharePercent = 0 } = args;
    checkCapacity(capacity);
    checkCapture(captureSharePercent, capacity);
    checkGuardrails(guardrails);
    this.endpointName = `${context.project}-${context.stack}-${capacity.kind}`;
    this.alarmNames = capacity.kind === "real-time" ? alarmNames(this.endpointName) : [];
    this.logGroup = `/aws/sagemaker/Endpoints/${this.endpointName}`;
    if (captureSharePercent > 0 && release)
      this.capturedPrefix = `${capturedFolder(release)}/${this.endpointName}/${variantName}/`;
    this.grantee = this.executionRole();
    this.modelName = release && this.serve(release, this.grantee.role);
    this.registerOutputs({ endpointName: this.endpointName });
  }

  get isServerless(): boolean {
    return this.args.capacity.kind === "serverless";
  }

  /** Lets the grantee ask the endpoint for predictions. */
  grantInvoke(grantee: Grantee): void {
    const endpoint = arn(this.args.context, "sagemaker", `endpoint/${this.endpointName}`);
    grant(this.name, grantee, "invoke", [{ Action: "sagemaker:InvokeEndpoint", Resource: endpoint }], this);
  }

  /** Lets the grantee see the endpoint's state and what it serves. */
  grantDescribe(grantee: Grantee): void {
    const endpoint = arn(this.args.context, "sagemaker", `endpoint/${this.endpointName}`);
    const statement = { Action: "sagemaker:DescribeEndpoint", Resource: endpoint };
    grant(this.name, grantee, "describe", [statement], this);
  }

  /** Lets the grantee see, by the tags of the endpoint's configuration, which release it serves, too. */
  grantReadRelease(grantee: Grantee): void {
    this.grantDescribe(grantee);
    // Pulumi gives each configuration a name that begins so (pulumi:autonaming in Pulumi.yaml).
    const { project, stack } = this.args.context;
    const configurations = `endpoint-config/${project}-${stack}-${this.name}-configuration-*`;
    const Resource = arn(this.args.context, "sagemaker", configurations);
    grant(this.name, grantee, "read-tags", [{ Action: "sagemaker:ListTags", Resource }], this);
  }

  /**
   * What the container runs under: it may read its artifact, pull its image and write its log. SageMaker looks at the
   * alarms of a deployment with it, too.
   */
  private executionRole(): Grantee {
    const { logGroup } = this;
    const { context, data, image, logRetentionDays } = this.args;
    const role = new aws.iam.Role(
      `${this.name}-role`,
      { assumeRolePolicy: trustPolicy("sagemaker.amazonaws.com", context.accountId), tags: context.tags },
      { parent: this },
    );
    const grantee = { role, label: "endpoint" };
    new aws.cloudwatch.LogGroup(
      `${this.name}-logs`,
      { name: logGroup, retentionInDays: logRetentionDays, tags: context.tags },
      { parent: this },
    );
    data.grantRead(grantee, "releases/*");
    if (this.args.captureSharePercent) data.grantDeliver(grantee, "captured/*");
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
    if (this.alarmNames.length > 0) {
      const alarms = this.alarmNames.map((alarm) => arn(context, "cloudwatch", `alarm:${alarm}`));
      grant(this.name, grantee, "alarms", [{ Action: "cloudwatch:DescribeAlarms", Resource: alarms }], this);
    }
    return grantee;
  }

  /**
   * Model and endpoint configuration are immutable in SageMaker and so get names of Pulumi's making: a new release
   * has new ones, the endpoint moves over to them, and only then the old ones go.
   */
  private serve(release: Release, role: aws.iam.Role): pulumi.Output<string> {
    const { context, capacity } = this.args;
    const { shadow } = release;
    const model = this.model("model", release, role);
    const configuration = new aws.sagemaker.EndpointConfiguration(
      `${this.name}-configuration`,
      {
        productionVariants: [this.variant(variantName, model, release)],
        ...(shadow && capacity.kind === "real-time"
          ? {
              shadowProductionVariants: [
                this.variant("Shadow", this.model("shadow-model", shadow, role), release),
              ],
            }
          : {}),
        ...this.capture(release),
        tags: { ...context.tags, Release: release.id },
      },
      { parent: this },
    );
    const endpoint = new aws.sagemaker.Endpoint(
      `${this.name}-endpoint`,
      {
        name: this.endpointName,
        endpointConfigName: configuration.name,
        deploymentConfig: this.guard(configuration, release)?.deploymentConfig,
        tags: context.tags,
      },
      { parent: this, hooks: { afterUpdate: [requireDeployed] } },
    );
    if (isScaled(capacity)) {
      const args = { context, endpointName: endpoint.name, capacity };
      new EndpointScaling(`${this.name}-scaling`, args, { parent: this });
    }
    // known when the endpoint has gone over to it, not before
    return pulumi.all([model.name, endpoint.endpointConfigName]).apply(([name]) => name);
  }

  /** SageMaker puts endpoint, variant and hour behind the folder. */
  private capture(release: Release) {
    const { captureSharePercent, data } = this.args;
    if (!captureSharePercent) return {};
    return {
      dataCaptureConfig: {
        ...{ enableCapture: true, initialSamplingPercentage: captureSharePercent },
        destinationS3Uri: pulumi.interpolate`s3://${data.bucket.bucket}/${capturedFolder(release)}`,
        kmsKeyId: data.key.arn,
        captureOptions: [{ captureMode: "InputAndOutput" }],
        captureContentTypeHeader: { jsonContentTypes: ["application/json"], csvContentTypes: ["text/csv"] },
      },
    };
  }

  private model(role: string, { id, imageUri, modelDataUrl }: Artifact, executionRole: aws.iam.Role) {
    return new aws.sagemaker.Model(
      `${this.name}-${role}`,
      {
        executionRoleArn: executionRole.arn,
        primaryContainer: { image: imageUri, modelDataUrl, environment: { RELEASE_ID: id } },
        tags: { ...this.args.context.tags, Release: id },
      },
      { parent: this },
    );
  }

  private variant(name: string, model: aws.sagemaker.Model, release: Release) {
    const { capacity } = this.args;
    const variant = { variantName: name, modelName: model.name, initialVariantWeight: 1 };
    if (capacity.kind === "serverless") {
      const { memorySizeInMb, maxConcurrency } = capacity;
      return { ...variant, serverlessConfig: { memorySizeInMb, maxConcurrency } };
    }
    const { instanceType, instanceCount, maxInstanceCount } = capacity;
    // What autoscaling has added stays: SageMaker itself would start the new instances at the configured number.
    const scaled = isScaled(capacity) ? Math.min(release.instanceCount ?? 0, maxInstanceCount) : 0;
    return { ...variant, instanceType, initialInstanceCount: Math.max(instanceCount, scaled) };
  }

  private guard(
    { name: configurationName }: aws.sagemaker.EndpointConfiguration,
    { id: releaseId }: Release,
  ): EndpointGuardrails | undefined {
    const { context, capacity, guardrails } = this.args;
    if (capacity.kind === "serverless") return undefined;
    const made = new EndpointGuardrails(
      `${this.name}-guardrails`,
      { context, endpointName: this.endpointName, configurationName, releaseId, guardrails },
      { parent: this },
    );
    this.watched.push(...made.watched);
    return made;
  }
}

/** By release: each is compared with the data that it was made from. */
const capturedFolder = ({ id }: Release) => `captured/${id}`;

/**
 * Runs after an update of the endpoint. SageMaker takes a deployment back when an alarm rings, and the provider calls that
 * a success. An error here keeps Pulumi from deleting the old configuration, which still serves and without which
 * SageMaker lets nobody update the endpoint.
 * @throws Error when the endpoint serves another configuration than the one that it was given.
 */
export function requireDeployed({ newInputs, newOutputs }: pulumi.ResourceHookArgs): void {
  const { endpointConfigName: wanted } = newInputs as aws.sagemaker.EndpointArgs;
  const { name, endpointConfigName: served } = newOutputs as Record<string, string>;
  if (served === wanted) return;
  throw new Error(
    `SageMaker has rolled back the deployment of ${wanted as string}: the endpoint ${name} serves ${served} as before. ` +
      `'aws sagemaker describe-endpoint --endpoint-name ${name}' says why (FailureReason).`,
  );
}
