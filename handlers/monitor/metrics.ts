import { type MetricDatum } from "@aws-sdk/client-cloudwatch";
import { namespace } from "../shared/metrics";
import { type Look } from "./look";

export { namespace };

/** What a look has found, as metrics of CloudWatch. What could not be found out is no metric: no alarm rings for it. */
export function metricData(stack: string, look: Look, now: Date): MetricDatum[] {
  const { columns, prediction, quality } = look;
  const ofStack = { Name: "stack", Value: stack };
  const datum = (MetricName: string, Value: number, column?: string): MetricDatum => ({
    ...{ MetricName, Value, Timestamp: now, Unit: "None" },
    Dimensions: [ofStack, ...(column === undefined ? [] : [{ Name: "column", Value: column }])],
  });
  const [worst] = columns;
  return [
    datum("Captured", look.captured),
    datum("Labels", quality.joined),
    ...(worst ? [datum("FeatureDrift", worst.index)] : []),
    ...columns.map(({ column, index }) => datum("FeatureDrift", index, column)),
    ...(prediction === null ? [] : [datum("PredictionDrift", prediction)]),
    ...(quality.error === null ? [] : [datum("ModelError", quality.error)]),
  ];
}
