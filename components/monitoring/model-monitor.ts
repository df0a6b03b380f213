import * as pulumi from "@pulumi/pulumi";
import { type DataBucket } from "../data/data-bucket";
import { type ModelEndpoint } from "../endpoint/model-endpoint";
import { LambdaHandler } from "../lambda/lambda-handler";
import { runOnSchedule } from "../lambda/schedule";
import { stackAlarm, watch, type WatchArgs, type Watched } from "../shared/alarm";
import { type Context } from "../shared/context";
import { grant } from "../shared/policy";
import { type MonitorSettings } from "./monitor-settings";

export interface ModelMonitorArgs {
  context: Context;
  data: DataBucket;
  endpoint: ModelEndpoint;
  settings: MonitorSettings;
  /** Id of the release that is served; without one there is nothing to compare with. */
  releaseId: string | undefined;
  logRetentionDays: number;
}

const namespace = "Slipway";
/** An alarm stays for so long after a look that set it off. */
const alarmPeriodSeconds = 3600;

/**
 * Watches the model while it serves: a Lambda compares, on a schedule, captured requests with the data that the
 * release was made from and its answers with labels that came later. See docs/model-monitoring.md.
 */
export class ModelMonitor extends pulumi.ComponentResource {
  readonly handler: LambdaHandler;
  /** Those that have a limit. */
  readonly watched: Watched[];

  constructor(
    private readonly name: string,
    private readonly args: ModelMonitorArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:model:ModelMonitor", name, {}, opts);
    const { context, data, endpoint, settings, releaseId = "" } = args;
    this.handler = new LambdaHandler(
      `${name}-look`,
      {
        ...{ context, handler: "monitor", logRetentionDays: args.logRetentionDays },
        description: "Compares captured requests with the data that the model was made from",
        environment: {
          ...{ STACK: context.stack, DATA_BUCKET: data.bucket.bucket, RELEASE_ID: releaseId },
          ...{ CAPTURED_PREFIX: endpoint.capturedPrefix ?? "", CAPTURE_DAYS: `${settings.captureDays}` },
        },
        timeout: 900,
        memorySize: 1024,
      },
      { parent: this },
    );
    const { grantee, function: lambda } = this.handler;
    for (const prefix of ["captured/*", "labels/*", "snapshots/*/profile.json"])
      data.grantRead(grantee, prefix);
    for (const part of ["record.json", "evaluation/*"]) data.grantRead(grantee, `releases/*/${part}`);
    const put = {
      // PutMetricData knows no resources
      ...{ Action: "cloudwatch:PutMetricData", Resource: "*" },
      Condition: { StringEquals: { "cloudwatch:namespace": namespace } },
    };
    grant(name, grantee, "metrics", [put], this);
    const description = `Looks at the model of ${context.project}, stack ${context.stack}`;
    const { schedule: expression } = settings;
    runOnSchedule(name, { context, function: lambda, name: "monitor", description, expression }, this);
    this.watched = this.alarms();
    this.registerOutputs({ functionName: lambda.name });
  }

  private alarms(): Watched[] {
    const { maxDrift, maxModelError } = this.args.settings;
    const { stack } = this.args.context;
    const more = `'npx slipway monitor ${stack}' shows more.`;
    const drift = (role: string, title: string, metricName: string, what: string, threshold: number) =>
      this.watch(role, {
        ...{ title: `${title} (population stability index)`, metricName, threshold },
        alarmDescription: `${what}: the population stability index is above ${threshold}. ${more}`,
      });
    return [
      ...(maxDrift === undefined
        ? []
        : [
            drift(
              "feature-drift",
              "Drift of the features",
              "FeatureDrift",
              "What the model is asked is distributed differently than the data that it was made from",
              maxDrift,
            ),
            drift(
              "prediction-drift",
              "Drift of the predictions",
              "PredictionDrift",
              "The model's answers are distributed differently than in its evaluation",
              maxDrift,
            ),
          ]),
      ...(maxModelError === undefined
        ? []
        : [
            this.watch("model-error", {
              ...{
                title: "Error of the model by labels",
                metricName: "ModelError",
                threshold: maxModelError,
              },
              alarmDescription: `The served model's mean error by the labels that came is above ${maxModelError}. ${more}`,
            }),
          ]),
    ];
  }

  private watch(
    role: string,
    args: Pick<WatchArgs, "title" | "alarmDescription" | "metricName" | "threshold">,
  ): Watched {
    const { context } = this.args;
    return watch(
      `${this.name}-${role}`,
      {
        ...{ ...args, context, namespace, dimensions: { stack: context.stack } },
        ...{ statistic: "Maximum", period: alarmPeriodSeconds, evaluationPeriods: 1 },
        alarmName: `${stackAlarm(context)}-${role}`,
      },
      { parent: this },
    );
  }
}
