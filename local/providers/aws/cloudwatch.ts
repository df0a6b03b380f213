import { type AnyResourceType } from "../shared/resource";
import { metricAlarm } from "./alarms";
import { compositeAlarm } from "./composite-alarms";
import { dashboard } from "./dashboards";
import { eventRule, eventTarget } from "./events";
import { queryDefinition } from "./log-queries";
import { logStream } from "./log-stream";
import { logGroup, logResourcePolicy } from "./logs";

export const types: Record<string, AnyResourceType> = {
  "aws:cloudwatch/logGroup:LogGroup": logGroup,
  "aws:cloudwatch/logStream:LogStream": logStream,
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": logResourcePolicy,
  "aws:cloudwatch/eventRule:EventRule": eventRule,
  "aws:cloudwatch/eventTarget:EventTarget": eventTarget,
  "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm,
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": compositeAlarm,
  "aws:cloudwatch/dashboard:Dashboard": dashboard,
  "aws:cloudwatch/queryDefinition:QueryDefinition": queryDefinition,
};
