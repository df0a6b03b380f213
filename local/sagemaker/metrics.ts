import { type CloudWatchClient, type MetricDatum, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";

const flushEveryMs = 1_000;
/** CloudWatch takes at most this many values of one metric in a request. */
const maxValues = 150;

/** One invocation of an endpoint. Latencies in microseconds, as CloudWatch has them. */
export interface Invocation {
  endpointName: string;
  variantName: string;
  /** Name of the endpoint configuration that the variant serves under. */
  configName: string;
  /** Of the container's answer; 0 for none. */
  status: number;
  modelLatency: number;
  overheadLatency: number;
}

/** Collects the invocations of endpoints and puts their metrics (namespace AWS/SageMaker) every few seconds. */
export class EndpointMetrics {
  private invocations: Invocation[] = [];
  private flushed: { endpointName: string; variantName: string; count: number; at: number }[] = [];
  private readonly timer = setInterval(() => void this.flush(), flushEveryMs);

  constructor(private readonly client: CloudWatchClient) {
    this.timer.unref();
  }

  record(invocation: Invocation): void {
    this.invocations.push(invocation);
  }

  /** Requests to a variant in the last minute, up to the last flush. */
  lastMinute(endpointName: string, variantName: string): number {
    const since = Date.now() - 60_000;
    this.flushed = this.flushed.filter(({ at }) => at >= since);
    return this.flushed
      .filter((one) => one.endpointName === endpointName && one.variantName === variantName)
      .reduce((sum, { count }) => sum + count, 0);
  }

  /** Puts what was collected; what cannot be put is logged and dropped, as a metric is no promise. */
  async flush(): Promise<void> {
    const invocations = this.invocations;
    this.invocations = [];
    for (const group of groupBy(invocations, groupKey).values()) {
      const MetricData = metricData(group);
      const { endpointName, variantName } = group[0] as Invocation;
      this.flushed.push({ endpointName, variantName, count: group.length, at: Date.now() });
      await this.client
        .send(new PutMetricDataCommand({ Namespace: "AWS/SageMaker", MetricData }))
        .catch((error: Error) => console.error(`metrics of ${group[0]?.endpointName}: ${error.message}`));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }
}

const groupKey = ({ endpointName, variantName, configName }: Invocation) =>
  `${endpointName}/${variantName}/${configName}`;

/** Each metric of AWS twice: by endpoint and variant, and by these and the endpoint configuration, for one fleet alone. */
function metricData(group: Invocation[]): MetricDatum[] {
  const { endpointName, variantName, configName } = group[0] as Invocation;
  const variant = [
    { Name: "EndpointName", Value: endpointName },
    { Name: "VariantName", Value: variantName },
  ];
  const fleet = [...variant, { Name: "EndpointConfigName", Value: configName }];
  const isServerError = (status: number) => status >= 500 || status === 0;
  const metrics: [string, number[], MetricDatum["Unit"]][] = [
    ["Invocations", group.map(() => 1), "None"],
    ["Invocation4XXErrors", group.map(({ status }) => Number(status >= 400 && status < 500)), "None"],
    ["Invocation5XXErrors", group.map(({ status }) => Number(isServerError(status))), "None"],
    ["ModelLatency", group.map(({ modelLatency }) => rounded(modelLatency)), "Microseconds"],
    ["OverheadLatency", group.map(({ overheadLatency }) => rounded(overheadLatency)), "Microseconds"],
  ];
  return metrics.flatMap(([MetricName, values, Unit]) =>
    histograms(values).flatMap((histogram) =>
      [variant, fleet].map((Dimensions) => ({
        ...{ MetricName, Dimensions, Unit, Timestamp: new Date() },
        ...histogram,
      })),
    ),
  );
}

/** Two digits, so that a busy second has few different latencies. */
const rounded = (microseconds: number) => Number(microseconds.toPrecision(2));

/** Each value once with its count, in parts that CloudWatch takes. */
function histograms(values: number[]): { Values: number[]; Counts: number[] }[] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const entries = [...counts];
  const parts = Array.from({ length: Math.ceil(entries.length / maxValues) }, (_, index) =>
    entries.slice(index * maxValues, (index + 1) * maxValues),
  );
  return parts.map((part) => ({
    Values: part.map(([value]) => value),
    Counts: part.map(([, count]) => count),
  }));
}

function groupBy<T>(items: T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
