import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  ListTagsForResourceCommand,
  type MetricAlarm,
  type MetricDataQuery,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudwatch";
import { type cloudwatch } from "@pulumi/aws";
import { type Call, type Inputs, resource, type State } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

type AlarmInputs = Inputs<cloudwatch.MetricAlarmArgs>;

const toDimensions = (map: Record<string, string> = {}) =>
  Object.entries(map).map(([Name, Value]) => ({ Name, Value }));
const fromDimensions = (list: { Name?: string; Value?: string }[] = []): Record<string, string> =>
  Object.fromEntries(list.map(({ Name = "", Value = "" }) => [Name, Value]));

function toQuery(query: NonNullable<AlarmInputs["metricQueries"]>[number]): MetricDataQuery {
  const { metric } = query;
  return {
    ...{
      Id: query.id,
      Expression: query.expression,
      Label: query.label,
      ReturnData: query.returnData ?? false,
    },
    ...{ AccountId: query.accountId, Period: query.period },
    MetricStat: metric && {
      Metric: {
        MetricName: metric.metricName,
        Namespace: metric.namespace,
        Dimensions: toDimensions(metric.dimensions),
      },
      ...{ Period: metric.period, Stat: metric.stat, Unit: metric.unit as "Count" | undefined },
    },
  };
}

function fromQuery(query: MetricDataQuery) {
  const { MetricStat: stat } = query;
  return {
    ...{ id: query.Id, expression: query.Expression, label: query.Label, returnData: query.ReturnData },
    ...{ accountId: query.AccountId, period: query.Period },
    metric: stat && {
      ...{ metricName: stat.Metric?.MetricName, namespace: stat.Metric?.Namespace },
      ...{
        dimensions: fromDimensions(stat.Metric?.Dimensions),
        period: stat.Period,
        stat: stat.Stat,
        unit: stat.Unit,
      },
    },
  };
}

async function putAlarm(
  inputs: AlarmInputs,
  tags: Record<string, string> | undefined,
  call: Call,
): Promise<string> {
  const input = {
    ...{
      AlarmName: inputs.name,
      AlarmDescription: inputs.alarmDescription,
      ActionsEnabled: inputs.actionsEnabled,
    },
    ...{ AlarmActions: inputs.alarmActions, OKActions: inputs.okActions },
    InsufficientDataActions: inputs.insufficientDataActions,
    ...{
      MetricName: inputs.metricName,
      Namespace: inputs.namespace,
      Dimensions: toDimensions(inputs.dimensions),
    },
    ...{ Statistic: inputs.statistic, ExtendedStatistic: inputs.extendedStatistic, Unit: inputs.unit },
    ...{
      Period: inputs.period,
      EvaluationPeriods: inputs.evaluationPeriods,
      DatapointsToAlarm: inputs.datapointsToAlarm,
    },
    ...{ ComparisonOperator: inputs.comparisonOperator, Threshold: inputs.threshold },
    ...{ ThresholdMetricId: inputs.thresholdMetricId, TreatMissingData: inputs.treatMissingData },
    EvaluateLowSampleCountPercentile: inputs.evaluateLowSampleCountPercentiles,
    Metrics: inputs.metricQueries?.map(toQuery),
    ...(tags ? { Tags: toTagList(tags) } : {}),
  } as unknown as PutMetricAlarmCommandInput;
  await call.client(CloudWatchClient).send(new PutMetricAlarmCommand(input));
  return inputs.name!;
}

export const listOf = (values: string[] | undefined) => (values?.length ? values : undefined);

/** The tags of an alarm of any kind. */
export async function readTags(arn: string | undefined, call: Call): Promise<Record<string, string>> {
  const { Tags } = await call
    .client(CloudWatchClient)
    .send(new ListTagsForResourceCommand({ ResourceARN: arn }));
  return fromTagList(Tags);
}

/** Gives an alarm of any kind the tags that it shall have. */
export async function putTags(now: State<unknown>, was: State<unknown>, call: Call): Promise<void> {
  const client = call.client(CloudWatchClient);
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  if (remove.length > 0)
    await client.send(new UntagResourceCommand({ ResourceARN: now.arn, TagKeys: remove }));
  await client.send(new TagResourceCommand({ ResourceARN: now.arn, Tags: toTagList(set) }));
}

function fromAlarm(found: MetricAlarm) {
  return {
    ...{ name: found.AlarmName, arn: found.AlarmArn, alarmDescription: found.AlarmDescription || undefined },
    ...{
      actionsEnabled: found.ActionsEnabled ?? true,
      alarmActions: listOf(found.AlarmActions),
      okActions: listOf(found.OKActions),
    },
    insufficientDataActions: listOf(found.InsufficientDataActions),
    ...{ metricName: found.MetricName || undefined, namespace: found.Namespace || undefined },
    ...{ dimensions: fromDimensions(found.Dimensions), unit: found.Unit },
    // MiniStack names a statistic even where there is an extended one; AWS has one of the two
    statistic: found.ExtendedStatistic ? undefined : found.Statistic,
    ...{ extendedStatistic: found.ExtendedStatistic, period: found.Period || undefined },
    ...{
      evaluationPeriods: found.EvaluationPeriods,
      datapointsToAlarm: found.DatapointsToAlarm || undefined,
    },
    ...{ comparisonOperator: found.ComparisonOperator, threshold: found.Threshold },
    ...{ thresholdMetricId: found.ThresholdMetricId, treatMissingData: found.TreatMissingData || "missing" },
    evaluateLowSampleCountPercentiles: found.EvaluateLowSampleCountPercentile || undefined,
    metricQueries: found.Metrics?.length ? found.Metrics.map(fromQuery) : undefined,
  };
}

export const metricAlarm = resource<cloudwatch.MetricAlarmArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 255 } },
    actionsEnabled: { default: true },
    alarmActions: { set: true },
    okActions: { set: true },
    insufficientDataActions: { set: true },
    alarmDescription: {},
    comparisonOperator: { required: true },
    evaluationPeriods: { required: true },
    datapointsToAlarm: {},
    metricName: {},
    namespace: {},
    dimensions: {},
    statistic: {},
    extendedStatistic: {},
    period: {},
    threshold: {},
    thresholdMetricId: {},
    treatMissingData: { default: "missing" },
    evaluateLowSampleCountPercentiles: { computed: true },
    unit: {},
    metricQueries: { set: true },
    tags: {},
  },
  create: (inputs, call) => putAlarm(inputs, inputs.tagsAll, call),
  async read({ id }, call) {
    const client = call.client(CloudWatchClient);
    const { MetricAlarms = [] } = await client.send(
      new DescribeAlarmsCommand({ AlarmNames: [id], AlarmTypes: ["MetricAlarm"] }),
    );
    const found = MetricAlarms[0];
    if (!found) return undefined;
    return { ...fromAlarm(found), tagsAll: await readTags(found.AlarmArn, call) };
  },
  async update(now, call, was) {
    await putAlarm(now, undefined, call);
    if (call.changed("tagsAll")) await putTags(now, was, call);
  },
  async delete({ id }, call) {
    await call.client(CloudWatchClient).send(new DeleteAlarmsCommand({ AlarmNames: [id] }));
  },
});
