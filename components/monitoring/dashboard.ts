import * as pulumi from "@pulumi/pulumi";
import { type Watched } from "../shared/alarm";

/** A metric as a line of a chart. */
export interface Line {
  namespace: string;
  metric: string;
  dimensions: pulumi.Input<Record<string, pulumi.Input<string>>>;
  /** `Sum`, `Average`, `p90` ... */
  stat: string;
  label?: pulumi.Input<string>;
  /** Seconds. Default 60: most of AWS's metrics come each minute. */
  period?: number;
}

/** Part of a dashboard, in CloudWatch's own JSON but for its place. */
export interface Widget {
  type: "alarm" | "log" | "metric";
  properties: pulumi.Input<Record<string, unknown>>;
}

/** A heading, and what is below it. */
export interface Section {
  title: string;
  widgets: Widget[];
}

const minute = 60;

/** Widgets of metrics and logs in one region. */
export class Charts {
  constructor(private readonly region: string) {}

  /** Lines over time. */
  lines(title: string, lines: Line[]): Widget {
    const metrics = pulumi
      .output(lines)
      .apply((known) =>
        known.map(({ namespace, metric, dimensions, stat, label, period = minute }) => [
          ...[namespace, metric, ...Object.entries(dimensions).flat()],
          { stat, period, ...(label === undefined ? {} : { label }) },
        ]),
      );
    return this.metric(title, { metrics });
  }

  /** A line for each metric that a search finds (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html). */
  found(title: string, search: string, stat: string): Widget {
    const expression = `SEARCH('${search}', '${stat}', ${minute})`;
    return this.metric(title, { metrics: [[{ expression, id: "found" }]] });
  }

  /** What an alarm measures, and its limit as a line across. */
  watched({ title, alarmName, threshold, namespace, metricName, dimensions, ...how }: Watched): Widget {
    const metrics = pulumi
      .all([namespace, metricName, dimensions, how.extendedStatistic ?? how.statistic, how.period])
      .apply(([space, name, known, stat, seconds = minute]) => [
        [
          space,
          name,
          ...Object.entries(known ?? {})
            .sort()
            .flat(),
          { stat, period: Math.max(seconds, minute) },
        ],
      ]);
    const limit = { label: alarmName, value: threshold, fill: "above" };
    return this.metric(title, { metrics, annotations: { horizontal: [limit] } });
  }

  /** What a query of Logs Insights finds in these log groups. */
  table(title: string, logGroups: pulumi.Input<string>[], query: string): Widget {
    const sources = pulumi
      .all(logGroups)
      .apply((groups) => groups.map((group) => `SOURCE '${group}' | `).join(""));
    const properties = { title, region: this.region, view: "table", query: pulumi.concat(sources, query) };
    return { type: "log", properties };
  }

  private metric(title: string, properties: Record<string, unknown>): Widget {
    const { region } = this;
    return { type: "metric", properties: { title, region, view: "timeSeries", ...properties } };
  }
}

/** The state of alarms, by ARN. */
export const alarmStates = (title: string, alarms: pulumi.Input<string>[]): Widget => ({
  type: "alarm",
  properties: { title, alarms },
});

/** CloudWatch's grid has 24 columns; a widget takes a third of a row. */
const columns = 24;
const size = { width: 8, height: 6 };
const perRow = columns / size.width;

/** The JSON of a dashboard: the sections below each other, three widgets a row. */
export function dashboardBody(sections: Section[]): pulumi.Output<string> {
  let y = 0;
  const widgets = sections.flatMap(({ title, widgets }) => {
    const heading = { type: "text", properties: { markdown: `## ${title}` } };
    const top = y + 1;
    y = top + Math.ceil(widgets.length / perRow) * size.height;
    return [
      { ...heading, ...{ x: 0, y: top - 1, width: columns, height: 1 } },
      ...widgets.map((widget, index) => ({
        ...widget,
        ...{ x: (index % perRow) * size.width, y: top + Math.floor(index / perRow) * size.height },
        ...size,
      })),
    ];
  });
  return pulumi.jsonStringify({ widgets });
}
