import { target } from "../project";

/** The model's error on the test rows beside its two baselines, as lines for people. */
export function describeMetrics(metrics: Record<string, number>): string {
  const { name, unit } = target();
  const error = (metric: string) => {
    const value = metrics[metric];
    return value === undefined ? "unknown" : `${value.toFixed(2)} ${unit}`;
  };
  const coverage = metrics["test:interval_coverage"];
  return [
    `Mean absolute error of the ${name} on ${metrics["test:rows"] ?? "?"} test rows, which training has not seen:`,
    `  this model                   ${error("test:mae")}`,
    `  always the median            ${error("test:mae_median_baseline")}`,
    `  straight line by distance    ${error("test:mae_distance_baseline")}`,
    ...(coverage === undefined
      ? []
      : [`  ${(coverage * 100).toFixed(1)} % of the actual values are within the predicted interval`]),
  ].join("\n");
}
