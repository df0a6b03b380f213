import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type PredictionApi } from "../api/prediction-api";
import { apiDimensions } from "../api/rest-api";
import { variantName } from "../endpoint/endpoint-guardrails";
import { type ModelEndpoint } from "../endpoint/model-endpoint";
import { type LambdaHandler } from "../lambda/lambda-handler";
import { jobLogGroups } from "../release/job-log-groups";
import { type ResultsTopic } from "../results/results-topic";
import { stackAlarm, type Watched } from "../shared/alarm";
import { type Context } from "../shared/context";
import { type Sources } from "../sources/sources";
import { alarmStates, Charts, dashboardBody, type Line, type Section } from "./dashboard";
import { type ModelMonitor } from "./model-monitor";
import { savedQueries, type SavedQuery } from "./saved-queries";

export interface MonitoringArgs {
  context: Context;
  api: PredictionApi;
  endpoint: ModelEndpoint;
  results: ResultsTopic;
  sources: Sources;
  /** Without captured requests there is none. */
  monitor?: ModelMonitor | undefined;
  /** Whether there is a dashboard; the rest of what is here costs less by far. */
  dashboard: boolean;
  /** All of the stack's, by what `slipway logs` calls them. */
  lambdas: Record<string, LambdaHandler>;
  /** Further log groups, by what `slipway logs` calls them. */
  logGroups: Record<string, pulumi.Input<string>>;
}

/** What the `slipway` command is told: where there is what to see. */
export interface MonitoringOutputs {
  /** Its name, where there is one. */
  dashboard?: pulumi.Output<string>;
  /** Name of the alarm that rings while any of the stack's does. */
  alarm: pulumi.Output<string>;
  /** By stage of `slipway logs`. */
  logGroups: pulumi.Output<Record<string, string>>;
}

/**
 * What there is to see of a stack in CloudWatch: a dashboard (if wanted), an alarm above all others, and queries for the logs. The alarms
 * are of the components that they watch; here they are drawn with their limits.
 */
export class Monitoring extends pulumi.ComponentResource {
  readonly outputs: MonitoringOutputs;
  private readonly charts: Charts;
  private readonly groups: Record<string, pulumi.Input<string>>;

  constructor(
    private readonly name: string,
    private readonly args: MonitoringArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("slipway:monitoring:Monitoring", name, {}, opts);
    const { context, endpoint } = args;
    this.charts = new Charts(context.region);
    this.groups = {
      ...jobLogGroups,
      endpoint: endpoint.logGroup,
      ...args.logGroups,
      ...Object.fromEntries(
        Object.entries(args.lambdas).map(([stage, { logGroup }]) => [stage, logGroup.name]),
      ),
    };
    const alarm = this.anyAlarm();
    for (const [label, query] of Object.entries(savedQueries)) this.save(label, query);
    this.outputs = {
      ...(args.dashboard ? { dashboard: this.dashboard(alarm).dashboardName } : {}),
      alarm: alarm.alarmName,
      logGroups: pulumi.output(this.groups),
    };
    this.registerOutputs({ alarm: alarm.alarmName });
  }

  private get watched(): Watched[] {
    const { api, endpoint, results, sources, monitor } = this.args;
    return [api, endpoint, results, sources, ...(monitor ? [monitor] : [])].flatMap(({ watched }) => watched);
  }

  /** Rings while any alarm does. Each alarm is told when it rings; of this one it is told when it ends. */
  private anyAlarm(): aws.cloudwatch.CompositeAlarm {
    const { context } = this.args;
    const names = pulumi.all(this.watched.map(({ alarm }) => alarm.name));
    return new aws.cloudwatch.CompositeAlarm(
      `${this.name}-any`,
      {
        alarmName: stackAlarm(context),
        alarmDescription: `An alarm of ${context.project}, stack ${context.stack}, rings.`,
        alarmRule: names.apply((all) => all.map((one) => `ALARM("${one}")`).join(" OR ")),
        tags: context.tags,
      },
      { parent: this },
    );
  }

  private dashboard(any: aws.cloudwatch.CompositeAlarm): aws.cloudwatch.Dashboard {
    return new aws.cloudwatch.Dashboard(
      `${this.name}-dashboard`,
      { dashboardName: stackAlarm(this.args.context), dashboardBody: dashboardBody(this.sections(any)) },
      { parent: this },
    );
  }

  private save(label: string, query: SavedQuery): void {
    const { project, stack } = this.args.context;
    new aws.cloudwatch.QueryDefinition(
      `${this.name}-${label}`,
      {
        name: `${project}/${stack}/${query.name}`, // a folder of the console
        queryString: query.query,
        logGroupNames: this.groupsOf(query),
      },
      { parent: this },
    );
  }

  private groupsOf({ stages = (stage) => stage in this.args.lambdas }: SavedQuery): pulumi.Input<string>[] {
    return Object.entries(this.groups).flatMap(([stage, group]) => (stages(stage) ? [group] : []));
  }

  private table(query: SavedQuery) {
    return this.charts.table(query.name, this.groupsOf(query), query.query);
  }

  private drawn = ({ watched }: { watched: Watched[] }) => watched.map((one) => this.charts.watched(one));

  private sections(any: aws.cloudwatch.CompositeAlarm): Section[] {
    const { sources, monitor } = this.args;
    const arns = [any, ...this.watched.map(({ alarm }) => alarm)].map(({ arn }) => arn);
    return [
      { title: "Alarms", widgets: [alarmStates("Of this stack; the first rings while any does", arns)] },
      this.api(),
      this.endpoint(),
      ...(monitor ? [this.model(monitor)] : []),
      this.results(),
      {
        title: "Where data comes from",
        widgets: [...this.drawn(sources), this.table(savedQueries.rejected)],
      },
      this.lambdas(),
      this.cost(),
    ];
  }

  private api(): Section {
    const { charts } = this;
    const { context, api } = this.args;
    const { stack } = context;
    const ofApi = (metric: string, stat: string): Line => ({
      ...{ namespace: "AWS/ApiGateway", metric, stat, label: stat === "Sum" ? metric : stat },
      dimensions: apiDimensions(context),
    });
    const ofPredictions = (metric: string, stat: string): Line => ({
      ...{ namespace: "Slipway", metric, dimensions: { stack }, stat },
    });
    return {
      title: "Public API",
      widgets: [
        charts.lines("Requests, and those that were refused (4XX) or failed (5XX)", [
          ...["Count", "4XXError", "5XXError"].map((metric) => ofApi(metric, "Sum")),
        ]),
        charts.lines("Latency of the API (ms)", [
          ...["p50", "p90", "p99"].map((stat) => ofApi("Latency", stat)),
        ]),
        charts.lines("Where a prediction's time goes, p90 (ms)", [
          ...["Latency", "ModelTime", "QueueTime"].map((metric) => ofPredictions(metric, "p90")),
        ]),
        charts.lines("Records that were predicted", [ofPredictions("Instances", "Sum")]),
        charts.found(
          "Refused predictions, by problem",
          `{Slipway,problem,stack} MetricName="Refusals" stack="${stack}"`,
          "Sum",
        ),
        ...this.drawn(api),
        this.table(savedQueries.refused),
      ],
    };
  }

  private endpoint(): Section {
    const { charts } = this;
    const { endpoint } = this.args;
    const dimensions = { EndpointName: endpoint.endpointName, VariantName: variantName };
    const line = (metric: string, stat: string, namespace = "AWS/SageMaker"): Line => ({
      ...{ namespace, metric, stat, dimensions },
      label: stat === "Sum" ? metric : `${metric} ${stat}`,
    });
    return {
      title: "Endpoint and model",
      widgets: [
        charts.lines("Invocations, and those with an error", [
          ...["Invocations", "Invocation4XXErrors", "Invocation5XXErrors"].map((metric) =>
            line(metric, "Sum"),
          ),
        ]),
        charts.lines("Latency of the model, and of SageMaker itself (microseconds)", [
          ...["p50", "p90", "p99"].map((stat) => line("ModelLatency", stat)),
          line("OverheadLatency", "p90"),
        ]),
        endpoint.isServerless
          ? charts.lines("Cold starts (microseconds) and concurrency in use (%)", [
              line("ModelSetupTime", "Maximum"),
              line("ServerlessConcurrentExecutionsUtilization", "Maximum"),
            ])
          : charts.lines("Load of the instances (%)", [
              ...["CPUUtilization", "MemoryUtilization"].map((metric) =>
                line(metric, "Average", "/aws/sagemaker/Endpoints"),
              ),
            ]),
        ...this.drawn(endpoint),
      ],
    };
  }

  private model(monitor: ModelMonitor): Section {
    const { charts } = this;
    const { stack } = this.args.context;
    const line = (metric: string): Line => ({
      ...{
        namespace: "Slipway",
        metric,
        label: metric,
        stat: "Maximum",
        dimensions: { stack },
        period: 3600,
      },
    });
    return {
      title: "The model against its training data and against labels",
      widgets: [
        charts.lines("Captured records of a day, and labels", [line("Captured"), line("Labels")]),
        charts.found(
          "Drift of the features, by column (population stability index)",
          `{Slipway,column,stack} MetricName="FeatureDrift" stack="${stack}"`,
          "Maximum",
        ),
        charts.lines("Drift of the predictions", [line("PredictionDrift")]),
        charts.lines("Mean error by labels", [line("ModelError")]),
        ...this.drawn(monitor),
      ],
    };
  }

  private results(): Section {
    const { charts } = this;
    const { results } = this.args;
    const line = (namespace: string, metric: string, dimensions: Line["dimensions"], stat = "Sum"): Line => ({
      ...{ namespace, metric, dimensions, stat, label: metric },
    });
    const ofQueue = { QueueName: results.queue.name };
    const ofTopic = { TopicName: results.topic.name };
    return {
      title: "Results and subscribers",
      widgets: [
        charts.lines("Events that wait to be published", [
          line("AWS/SQS", "NumberOfMessagesSent", ofQueue),
          line("AWS/SQS", "ApproximateNumberOfMessagesVisible", ofQueue, "Maximum"),
        ]),
        charts.lines("What subscribers got", [
          line("AWS/SNS", "NumberOfNotificationsDelivered", ofTopic),
          line("AWS/SNS", "NumberOfNotificationsFailed", ofTopic),
        ]),
        ...this.drawn(results),
        this.table(savedQueries.unpublished),
      ],
    };
  }

  private lambdas(): Section {
    const { charts } = this;
    const functions = Object.entries(this.args.lambdas);
    const ofAll = (metric: string, stat: string): Line[] =>
      functions.map(
        ([
          label,
          {
            function: { name },
          },
        ]) => ({
          ...{ namespace: "AWS/Lambda", metric, stat, label, dimensions: { FunctionName: name } },
        }),
      );
    return {
      title: "Lambdas and batches",
      widgets: [
        charts.lines("Errors", ofAll("Errors", "Sum")),
        charts.lines("Throttles", ofAll("Throttles", "Sum")),
        charts.lines("Duration, p99 (ms)", ofAll("Duration", "p99")),
        this.table(savedQueries.errors),
        this.table(savedQueries.batches),
      ],
    };
  }

  /** Of the whole account. AWS has this metric in one region, and only when billing alerts are switched on. */
  private cost(): Section {
    const spent: Line = {
      ...{ namespace: "AWS/Billing", metric: "EstimatedCharges", stat: "Maximum", label: "US dollars" },
      ...{ dimensions: { Currency: "USD" }, period: 6 * 3600 },
    };
    const billing = new Charts("us-east-1");
    return { title: "Cost", widgets: [billing.lines("Of the whole account, this month so far", [spent])] };
  }
}
