import {
  CreateScheduleCommand,
  type CreateScheduleCommandInput,
  DeleteScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import { type scheduler } from "@pulumi/aws";
import { type AnyResourceType, type Inputs, resource } from "../shared/resource";
import { fromApi, toApi } from "./shapes";

type ScheduleInputs = Inputs<scheduler.ScheduleArgs>;

const defaultGroup = "default";

/** A schedule is known by its group and its name. */
function fromId(id: string) {
  const [GroupName, Name] = id.split("/") as [string, string];
  return { GroupName, Name };
}

/** The API replaces a schedule as a whole, with the request that creates it. */
function toRequest(inputs: ScheduleInputs): CreateScheduleCommandInput {
  const { name, groupName, description, state, scheduleExpression, scheduleExpressionTimezone } = inputs;
  return {
    ...{ Name: name, GroupName: groupName, Description: description },
    ...{ State: state as "ENABLED", ScheduleExpression: scheduleExpression },
    ScheduleExpressionTimezone: scheduleExpressionTimezone,
    StartDate: inputs.startDate === undefined ? undefined : new Date(inputs.startDate),
    EndDate: inputs.endDate === undefined ? undefined : new Date(inputs.endDate),
    KmsKeyArn: inputs.kmsKeyArn,
    ActionAfterCompletion: inputs.actionAfterCompletion as "NONE" | undefined,
    FlexibleTimeWindow: toApi(inputs.flexibleTimeWindow) as CreateScheduleCommandInput["FlexibleTimeWindow"],
    Target: toApi(inputs.target) as CreateScheduleCommandInput["Target"],
  };
}

const timeOf = (date: Date | undefined) => date?.toISOString().replace(".000Z", "Z");

const schedule = resource<scheduler.ScheduleArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 64 } },
    namePrefix: { replaces: true },
    groupName: { replaces: true, default: defaultGroup },
    description: {},
    startDate: {},
    endDate: {},
    flexibleTimeWindow: { required: true },
    kmsKeyArn: {},
    scheduleExpression: { required: true },
    scheduleExpressionTimezone: { default: "UTC" },
    state: { default: "ENABLED" },
    target: { required: true },
    actionAfterCompletion: { computed: true },
  },
  fromImportId: (id) => ({ id, name: id.split("/")[1], groupName: id.split("/")[0] }),
  async create(inputs, call) {
    await call.client(SchedulerClient).send(new CreateScheduleCommand(toRequest(inputs)));
    return `${inputs.groupName}/${inputs.name}`;
  },
  async read({ id }, call) {
    const found = await call.client(SchedulerClient).send(new GetScheduleCommand(fromId(id)));
    return {
      ...{ name: found.Name, arn: found.Arn, groupName: found.GroupName, state: found.State },
      ...{ description: found.Description || undefined, kmsKeyArn: found.KmsKeyArn || undefined },
      ...{ startDate: timeOf(found.StartDate), endDate: timeOf(found.EndDate) },
      scheduleExpression: found.ScheduleExpression,
      scheduleExpressionTimezone: found.ScheduleExpressionTimezone,
      actionAfterCompletion: found.ActionAfterCompletion,
      flexibleTimeWindow: fromApi(found.FlexibleTimeWindow),
      target: fromApi(found.Target),
    };
  },
  async update(now, call) {
    await call.client(SchedulerClient).send(new UpdateScheduleCommand(toRequest(now)));
  },
  async delete({ id }, call) {
    await call.client(SchedulerClient).send(new DeleteScheduleCommand(fromId(id)));
  },
});

export const types: Record<string, AnyResourceType> = { "aws:scheduler/schedule:Schedule": schedule };
