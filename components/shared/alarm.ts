import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { type Context } from "./context";

/** An alarm and what it was made of: the dashboard draws its metric and its limit from the same. */
export interface Watched extends Omit<WatchArgs, "context"> {
  alarm: aws.cloudwatch.MetricAlarm;
}

export interface WatchArgs extends Omit<
  aws.cloudwatch.MetricAlarmArgs,
  "comparisonOperator" | "name" | "tags" | "treatMissingData"
> {
  context: Context;
  /** Begins with project and stack: all alarms whose names do are told to the subscribers. */
  alarmName: string;
  /** What is measured, and its unit unless it is a count. */
  title: string;
}

/** Watches a metric: an alarm that rings when it is above `threshold`. Where there are no data, nothing is wrong. */
export function watch(
  name: string,
  { context, title, alarmName, ...metric }: WatchArgs,
  opts: pulumi.CustomResourceOptions,
): Watched {
  const alarm = new aws.cloudwatch.MetricAlarm(
    name,
    {
      ...metric,
      name: alarmName,
      comparisonOperator: "GreaterThanThreshold",
      treatMissingData: "notBreaching",
      tags: context.tags,
    },
    opts,
  );
  return { title, alarmName, ...metric, alarm };
}

/** Name of the alarm that rings while any of the stack's does; the names of those begin with it and a dash. */
export const stackAlarm = ({ project, stack }: Context) => `${project}-${stack}`;

const stateChanges = (detail: Record<string, unknown>) => ({
  ...{ source: ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"], detail },
});

/** Patterns of EventBridge events for `ResultsTopic.alertOn`: an alarm of the stack rings; none does any more. */
export const alarmEvents = (context: Context) => ({
  alarms: stateChanges({ alarmName: [{ prefix: `${stackAlarm(context)}-` }], state: { value: ["ALARM"] } }),
  quiet: stateChanges({
    ...{ alarmName: [stackAlarm(context)], state: { value: ["OK"] }, previousState: { value: ["ALARM"] } },
  }),
});
