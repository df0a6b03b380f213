import { readSchema, target } from "../project";

/** Metrics that a container prints as `metric <name>=<value>`: those of numbers, of classes, and of both. */
export const metricNames = [
  ...["test:mae", "test:mae_median_baseline", "test:mae_distance_baseline", "validation:mae"],
  ...["test:interval_coverage", "test:interval_width"],
  ...["test:error_rate", "test:error_rate_baseline", "test:log_loss", "validation:error_rate"],
  ...["test:rows", "train:rows"],
];

/** The model's error on the test rows, for people: `1.44 USD`, or the share of wrong classes, `4.2 %`. @param problem of the stack. */
export function errorText(metrics: Record<string, number>, problem?: string): string {
  const { "test:mae": mae, "test:error_rate": rate } = metrics;
  if (mae !== undefined) return number(mae, target(readSchema(problem)).unit);
  return rate === undefined ? "unknown" : percent(rate);
}

const number = (value: number, unit: string) => `${value.toFixed(2)} ${unit}`;
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** The model's error on the test rows beside its baselines, as lines for people. @param problem of the stack. */
export function describeMetrics(metrics: Record<string, number>, problem?: string): string {
  const { name, unit, classes } = target(readSchema(problem));
  const what = classes ? "Share of wrong answers for" : "Mean absolute error of";
  const baselines: [string, string, (value: number, unit: string) => string][] = [
    ["always the median", "test:mae_median_baseline", number],
    ["straight line by distance", "test:mae_distance_baseline", number],
    ["always the most frequent", "test:error_rate_baseline", percent],
  ];
  const coverage = metrics["test:interval_coverage"];
  return [
    `${what} the ${name} on ${metrics["test:rows"] ?? "?"} test rows, which training has not seen:`,
    `  this model                   ${errorText(metrics, problem)}`,
    ...baselines.flatMap(([title, metric, text]) => {
      const value = metrics[metric];
      return value === undefined ? [] : [`  ${title.padEnd(28)} ${text(value, unit)}`];
    }),
    ...(coverage === undefined
      ? []
      : [`  ${percent(coverage)} of the actual values are within the predicted interval`]),
  ].join("\n");
}
