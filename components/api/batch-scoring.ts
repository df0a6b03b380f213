import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type DataBucket } from "../data/data-bucket";
import { type StateTable } from "../data/state-table";
import { type ModelEndpoint } from "../endpoint/model-endpoint";
import { LambdaHandler } from "../lambda/lambda-handler";
import { type ResultsTopic } from "../results/results-topic";
import { type Context, arn } from "../shared/context";
import { grant } from "../shared/policy";
import { type BatchSettings } from "./batch-settings";
import { type Route } from "./rest-api";

export interface BatchScoringArgs {
  context: Context;
  data: DataBucket;
  endpoint: ModelEndpoint;
  results: ResultsTopic;
  state: StateTable;
  settings: BatchSettings;
  /** Id of the served release; undefined when there is none. */
  releaseId: string | undefined;
  logRetentionDays: number;
}

const apiTimeoutSeconds = 28;
/** What `handlers/shared/batches/batch.ts` calls the objects of batches. */
const prefixes = {
  ...{ inputs: "batches/inputs/", records: "batches/records/" },
  ...{ answers: "batches/answers/", results: "batches/results/" },
};

/**
 * Predictions for files: whoever has a key asks for an upload (`POST /batches`), uploads to the data bucket, and asks for
 * the results (`GET /batches/{id}`). The upload itself starts the work. Small files are answered by the endpoint, large
 * ones by a SageMaker Batch Transform job with the model of the same release, whose end EventBridge tells.
 */
export class BatchScoring extends pulumi.ComponentResource {
  /** For the REST API. */
  readonly routes: Route[];
  readonly api: LambdaHandler;
  readonly scorer: LambdaHandler;
  /** Names of this stack's transform jobs begin with it. */
  private readonly jobPrefix: string;

  constructor(
    private readonly name: string,
    private readonly args: BatchScoringArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:api:BatchScoring", name, {}, opts);
    const { context, data } = args;
    this.jobPrefix = `${context.project}-${context.stack}-batch-`;
    this.api = this.answerer();
    this.routes = [
      { method: "POST", path: "/batches", handler: this.api, apiKeyRequired: true, requestBody: "object" },
      { method: "GET", path: "/batches/{id}", handler: this.api, apiKeyRequired: true },
    ];
    this.scorer = this.worker();
    this.grantTransform();
    data.sendEvents();
    this.runOn("uploads", "An upload of a batch has come", {
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { bucket: { name: [data.bucket.bucket] }, object: { key: [{ prefix: prefixes.inputs }] } },
    });
    this.runOn("transforms", "A transform job of a batch has ended", {
      source: ["aws.sagemaker"],
      "detail-type": ["SageMaker Transform Job State Change"],
      detail: {
        TransformJobName: [{ prefix: this.jobPrefix }],
        TransformJobStatus: ["Completed", "Failed", "Stopped"],
      },
    });
    this.registerOutputs({ scorer: this.scorer.function.name });
  }

  private get environment() {
    const { context, data, state, releaseId = "" } = this.args;
    return {
      STACK: context.stack,
      STATE_TABLE: state.table.name,
      DATA_BUCKET: data.bucket.bucket,
      RELEASE_ID: releaseId,
    };
  }

  /** Signs uploads and downloads with its own permissions, and so must have them. */
  private answerer(): LambdaHandler {
    const { context, data, state, settings, logRetentionDays } = this.args;
    const api = new LambdaHandler(
      `${this.name}-api`,
      {
        context,
        handler: "batches",
        description: "Answers POST /batches and GET /batches/{id}",
        environment: {
          ...this.environment,
          MAX_BYTES: `${settings.maxMegabytes * 1_000_000}`,
          RETENTION_DAYS: `${settings.retentionDays}`,
        },
        logRetentionDays,
        timeout: apiTimeoutSeconds,
        memorySize: 512,
      },
      { parent: this },
    );
    state.grantUse(api.grantee, "batch");
    data.grantDeliver(api.grantee, `${prefixes.inputs}*`);
    data.grantRead(api.grantee, `${prefixes.results}*`);
    data.grantList(api.grantee, `${prefixes.answers}*`);
    return api;
  }

  private worker(): LambdaHandler {
    const { context, data, endpoint, results, state, settings, logRetentionDays } = this.args;
    const scorer = new LambdaHandler(
      `${this.name}-score`,
      {
        context,
        handler: "score",
        description: "Scores uploaded files by the endpoint or by transform jobs",
        environment: {
          ...this.environment,
          ENDPOINT_NAME: endpoint.endpointName,
          RESULTS_QUEUE_URL: results.queue.url,
          JOB_PREFIX: this.jobPrefix,
          MODEL_NAME: endpoint.modelName ?? "",
          INSTANCE_TYPE: settings.instanceType,
          ENDPOINT_BYTES: `${settings.endpointKilobytes * 1000}`,
        },
        logRetentionDays,
        timeout: 900,
        memorySize: 1769, // with which Lambda gives one whole processor
      },
      { parent: this },
    );
    const { grantee } = scorer;
    state.grantUse(grantee, "batch");
    results.grantSend(grantee);
    endpoint.grantInvoke(grantee);
    data.grantRead(grantee, `${prefixes.inputs}*`);
    data.grantReadWrite(grantee, `${prefixes.records}*`);
    data.grantRead(grantee, `${prefixes.answers}*`);
    data.grantReadWrite(grantee, `${prefixes.results}*`);
    return scorer;
  }

  /** A transform job runs under the role of its model, so that none is passed to it: iam:PassRole is not needed. */
  private grantTransform(): void {
    const { context, data, endpoint } = this.args;
    grant(
      this.name,
      this.scorer.grantee,
      "transform",
      [
        {
          Action: ["sagemaker:CreateTransformJob", "sagemaker:AddTags"],
          Resource: arn(context, "sagemaker", `transform-job/${this.jobPrefix}*`),
        },
      ],
      this,
    );
    data.grantRead(endpoint.grantee, `${prefixes.records}*`);
    data.grantDeliver(endpoint.grantee, `${prefixes.answers}*`);
    const logGroup = "/aws/sagemaker/TransformJobs";
    grant(
      this.name,
      endpoint.grantee,
      "transform-logs",
      [
        {
          Action: [
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogStreams",
          ],
          Resource: [
            arn(context, "logs", `log-group:${logGroup}`),
            arn(context, "logs", `log-group:${logGroup}:log-stream:*`),
          ],
        },
      ],
      this,
    );
  }

  /** Runs the worker for each event of AWS that fits. */
  private runOn(label: string, description: string, pattern: Record<string, unknown>): void {
    const { context } = this.args;
    const rule = new aws.cloudwatch.EventRule(
      `${this.name}-${label}`,
      { description, eventPattern: pulumi.jsonStringify(pattern), tags: context.tags },
      { parent: this },
    );
    const permission = new aws.lambda.Permission(
      `${this.name}-${label}-invoke`,
      {
        action: "lambda:InvokeFunction",
        function: this.scorer.function.name,
        principal: "events.amazonaws.com",
        sourceArn: rule.arn,
      },
      { parent: this },
    );
    new aws.cloudwatch.EventTarget(
      `${this.name}-${label}-to-score`,
      { rule: rule.name, arn: this.scorer.function.arn },
      { parent: this, dependsOn: permission },
    );
  }
}
