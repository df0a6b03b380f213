/** A measured value, in a unit of CloudWatch. */
export interface Metric {
  unit: "Count" | "Milliseconds";
  value: number;
}

/** The part of a log record by which CloudWatch makes metrics of it ("embedded metric format"). */
export interface EmbeddedMetrics {
  Timestamp: number;
  CloudWatchMetrics: {
    Namespace: string;
    Dimensions: string[][];
    Metrics: { Name: string; Unit: string }[];
  }[];
}

export const namespace = "Slipway";

/**
 * Log fields of which CloudWatch makes metrics, without a request for them
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 *
 * @param dimensions each combination is a metric of its own, by the names of fields that the record has.
 */
export function metricFields(
  dimensions: string[][],
  metrics: Record<string, Metric>,
  now: Date,
): Record<string, number | EmbeddedMetrics> {
  const entries = Object.entries(metrics);
  return {
    ...Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: namespace,
          Dimensions: dimensions,
          Metrics: entries.map(([Name, { unit }]) => ({ Name, Unit: unit })),
        },
      ],
    },
  };
}
