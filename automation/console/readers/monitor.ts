import {
  type CloudWatchClient,
  type MetricDataQuery,
  paginateGetMetricData,
  paginateListMetrics,
} from "@aws-sdk/client-cloudwatch";
import { fewestRecords } from "../../../handlers/monitor/drift";
import { fewestLabels } from "../../../handlers/monitor/labels";
import { namespace } from "../../../handlers/shared/metrics";
import { readSchema, target } from "../../project";
import { type Figure, type Monitor } from "../sections";
import { type World } from "../world";

const dayMs = 24 * 3_600_000;
/** Looks within one of these are as one. */
const periodSeconds = 60;
/** CloudWatch answers 500 metrics at once. */
const mostColumns = 400;
const mostShown = 5;

/** What the model monitor has found in the last day, from its metrics; null where the stack captures no requests. */
export async function readMonitor(
  { stack, outputs, clients: { cloudwatch } }: World,
  now = Date.now(),
): Promise<Monitor | null> {
  if (outputs.monitorFunction === undefined) return null;
  const columns = await readColumns(cloudwatch, stack);
  const asked = [
    ...["Captured", "Labels", "PredictionDrift", "ModelError"].map((name) => ({ name, column: null })),
    ...columns.map((column) => ({ name: "FeatureDrift", column })),
  ];
  const days = await readDay(cloudwatch, stack, asked, now);
  const [captured] = days.filter(({ name }) => name === "Captured");
  const last = captured?.points.at(-1);
  /** What the latest look has told. */
  const told = (metric: string): Figure[] =>
    days.flatMap(({ name, column, points }) => {
      const newest = points.at(-1);
      return name === metric && newest && newest.at === last?.at
        ? [{ column, value: newest.value, day: points }]
        : [];
    });
  const [labels, prediction, error] = ["Labels", "PredictionDrift", "ModelError"].map(
    (name) => told(name)[0],
  );
  const { unit, classes } = target(readSchema(outputs.problem));
  return {
    look: last
      ? { at: new Date(last.at).toISOString(), captured: last.value, labels: labels?.value ?? 0 }
      : null,
    fewest: { records: fewestRecords, labels: fewestLabels },
    columns: told("FeatureDrift")
      .sort((a, b) => b.value - a.value)
      .slice(0, mostShown),
    prediction: prediction ?? null,
    error: error ?? null,
    errorUnit: classes ? null : unit,
  };
}

/** A metric of the monitor; `column` is null where it is not of one column. */
interface Asked {
  name: string;
  column: string | null;
}

/** A metric over a day: where it has a value, oldest first. */
interface Day extends Asked {
  points: { at: number; value: number }[];
}

/** The columns that the monitor has told a drift of, lately. */
async function readColumns(client: CloudWatchClient, stack: string): Promise<string[]> {
  const found: string[] = [];
  const input = {
    ...{ Namespace: namespace, MetricName: "FeatureDrift" },
    Dimensions: [{ Name: "stack", Value: stack }, { Name: "column" }],
  };
  for await (const { Metrics = [] } of paginateListMetrics({ client }, input))
    for (const { Dimensions = [] } of Metrics)
      found.push(...Dimensions.filter(({ Name }) => Name === "column").map(({ Value = "" }) => Value));
  return found.slice(0, mostColumns);
}

async function readDay(client: CloudWatchClient, stack: string, asked: Asked[], now: number): Promise<Day[]> {
  const days = asked.map((each): Day => ({ ...each, points: [] }));
  const MetricDataQueries = asked.map(({ name, column }, index): MetricDataQuery => {
    const Dimensions = [
      { Name: "stack", Value: stack },
      ...(column === null ? [] : [{ Name: "column", Value: column }]),
    ];
    return {
      Id: `m${index}`,
      MetricStat: {
        Metric: { Namespace: namespace, MetricName: name, Dimensions },
        ...{ Period: periodSeconds, Stat: "Maximum" }, // as the alarms have it
      },
    };
  });
  const input = { MetricDataQueries, StartTime: new Date(now - dayMs), EndTime: new Date(now) };
  for await (const { MetricDataResults = [] } of paginateGetMetricData({ client }, input))
    for (const { Id = "", Timestamps = [], Values = [] } of MetricDataResults)
      Timestamps.forEach((time, index) =>
        days[Number(Id.slice(1))]!.points.push({ at: time.getTime(), value: Values[index]! }),
      );
  for (const { points } of days) points.sort((a, b) => a.at - b.at);
  return days;
}
