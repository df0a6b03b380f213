import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  PutCompositeAlarmCommand,
} from "@aws-sdk/client-cloudwatch";
import { type cloudwatch } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";
import { toTagList } from "../shared/tags";
import { listOf, putTags, readTags } from "./alarms";

async function putCompositeAlarm(
  inputs: Inputs<cloudwatch.CompositeAlarmArgs>,
  tags: Record<string, string> | undefined,
  call: Call,
): Promise<string> {
  const suppressor = inputs.actionsSuppressor;
  const command = new PutCompositeAlarmCommand({
    ...{ AlarmName: inputs.alarmName, AlarmDescription: inputs.alarmDescription },
    ...{ AlarmRule: inputs.alarmRule, ActionsEnabled: inputs.actionsEnabled },
    ...{ AlarmActions: inputs.alarmActions, OKActions: inputs.okActions },
    InsufficientDataActions: inputs.insufficientDataActions,
    ...(suppressor && {
      ActionsSuppressor: suppressor.alarm,
      ActionsSuppressorExtensionPeriod: suppressor.extensionPeriod,
      ActionsSuppressorWaitPeriod: suppressor.waitPeriod,
    }),
    ...(tags ? { Tags: toTagList(tags) } : {}),
  });
  await call.client(CloudWatchClient).send(command);
  return inputs.alarmName;
}

export const compositeAlarm = resource<cloudwatch.CompositeAlarmArgs>({
  inputs: {
    alarmName: { required: true, replaces: true },
    alarmRule: { required: true },
    actionsEnabled: { default: true, replaces: true },
    actionsSuppressor: {},
    alarmActions: { set: true },
    okActions: { set: true },
    insufficientDataActions: { set: true },
    alarmDescription: {},
    tags: {},
  },
  create: (inputs, call) => putCompositeAlarm(inputs, inputs.tagsAll, call),
  async read({ id }, call) {
    const { CompositeAlarms = [] } = await call
      .client(CloudWatchClient)
      .send(new DescribeAlarmsCommand({ AlarmNames: [id], AlarmTypes: ["CompositeAlarm"] }));
    const found = CompositeAlarms[0];
    if (!found) return undefined;
    const { ActionsSuppressor: alarm } = found;
    return {
      ...{ alarmName: found.AlarmName, arn: found.AlarmArn, alarmRule: found.AlarmRule },
      alarmDescription: found.AlarmDescription || undefined,
      actionsEnabled: found.ActionsEnabled ?? true,
      actionsSuppressor: alarm && {
        alarm,
        extensionPeriod: found.ActionsSuppressorExtensionPeriod,
        waitPeriod: found.ActionsSuppressorWaitPeriod,
      },
      ...{ alarmActions: listOf(found.AlarmActions), okActions: listOf(found.OKActions) },
      insufficientDataActions: listOf(found.InsufficientDataActions),
      tagsAll: await readTags(found.AlarmArn, call),
    };
  },
  async update(now, call, was) {
    await putCompositeAlarm(now, undefined, call);
    if (call.changed("tagsAll")) await putTags(now, was, call);
  },
  async delete({ id }, call) {
    await call.client(CloudWatchClient).send(new DeleteAlarmsCommand({ AlarmNames: [id] }));
  },
});
