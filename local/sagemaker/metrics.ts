import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";

const flushEveryMs = 3_000;
/** CloudWatch takes at most this many values of one metric in a request. */
const maxValues = 150;

/** One invocation of an endpoint. Latencies in microseconds, as CloudWatch has them. */
export interface Invocation {
  endpointName: string;
  variantName: string;
  status: number;
  modelLatency: number;
  overheadLatency: number;
}

/** Collects the invocations of endpoints and puts their metrics (namespace AWS/SageMaker) every few seconds. */
export class EndpointMetrics {
  private invocations: Invocation[] = [];
  private readonly timer = setInterval(() => void this.flush(), flushEveryMs);

  constructor(private readonly client: CloudWatchClient) {
    this.timer.unref();
  }

  record(invocation: Invocation): void {
    this.invocations.push(invocation);
  }

  /** Puts what was collected; what cannot be put is logged and dropped, as a metric is no promise. */
  async flush(): Promise<void> {
    const invocations = this.invocations;
    this.invocations = [];
    const groups = groupBy(invocations, groupKey);
    for (const group of groups.values()) {
      for (let start = 0; start < group.length; start += maxValues) {
        const MetricData = metricData(group.slice(start, start + maxValues));
        await this.client
          .send(new PutMetricDataCommand({ Namespace: "AWS/SageMaker", MetricData }))
          .catch((error: Error) => console.error(`metrics of ${group[0]?.endpointName}: ${error.message}`));
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }
}

const groupKey = ({ endpointName, variantName }: Invocation) => `${endpointName}/${variantName}`;

function metricData(group: Invocation[]): MetricDatum[] {
  const { endpointName, variantName } = group[0] as Invocation;
  const Dimensions = [
    { Name: "EndpointName", Value: endpointName },
    { Name: "VariantName", Value: variantName },
  ];
  const datum = (MetricName: string, Values: number[], Unit: MetricDatum["Unit"] = "None"): MetricDatum => ({
    ...{ MetricName, Dimensions, Values, Counts: Values.map(() => 1), Unit, Timestamp: new Date() },
  });
  const happened = (test: (status: number) => boolean) => group.map(({ status }) => (test(status) ? 1 : 0));
  return [
    datum(
      "Invocations",
      happened(() => true),
    ),
    datum(
      "Invocation4XXErrors",
      happened((status) => status >= 400 && status < 500),
    ),
    datum(
      "Invocation5XXErrors",
      happened((status) => status >= 500 || status === 0),
    ),
    datum(
      "ModelLatency",
      group.map(({ modelLatency }) => modelLatency),
      "Microseconds",
    ),
    datum(
      "OverheadLatency",
      group.map(({ overheadLatency }) => overheadLatency),
      "Microseconds",
    ),
  ];
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
