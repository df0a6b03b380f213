import { paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { groupsOf } from "../../diagram/groups";
import { type Resource } from "../../stack";
import { type Alarm } from "../sections";
import { type World } from "../world";

/** Reads the stack's alarms, those that ring first. Which component an alarm is of does not change, and is found out once. */
export class AlarmsReader {
  private components = new Map<string, string>();

  /** @param resources the stack's, as its state has them. */
  constructor(private readonly resources: () => Promise<Resource[]>) {}

  async read({ clients, outputs }: World): Promise<Alarm[]> {
    // All names of a stack begin alike.
    const input = { AlarmNamePrefix: outputs.jobPrefix };
    const found: Alarm[] = [];
    for await (const page of paginateDescribeAlarms({ client: clients.cloudwatch }, input)) {
      for (const alarm of [...(page.CompositeAlarms ?? []), ...(page.MetricAlarms ?? [])]) {
        const { AlarmName = "" } = alarm;
        found.push({
          name: AlarmName.slice(outputs.jobPrefix.length),
          component: await this.componentOf(AlarmName),
          state: alarm.StateValue ?? "INSUFFICIENT_DATA",
          reason: alarm.StateReason ?? "",
          since: alarm.StateUpdatedTimestamp?.toISOString() ?? null,
          description: alarm.AlarmDescription ?? "",
          metric: ("MetricName" in alarm && alarm.MetricName) || null,
          threshold: "Threshold" in alarm ? (alarm.Threshold ?? null) : null,
        });
      }
    }
    return found.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  }

  private async componentOf(alarm: string): Promise<string | null> {
    if (!this.components.has(alarm)) this.components = alarmComponents(await this.resources());
    return this.components.get(alarm) ?? null;
  }
}

const rank = ({ state }: Alarm) =>
  ["ALARM", "OK"].indexOf(state) + 3 * Number(state !== "ALARM" && state !== "OK");

/** The component of index.ts that each of a stack's alarms is in, by the alarm's name. */
export const alarmComponents = (resources: Resource[]): Map<string, string> =>
  new Map(
    groupsOf(resources).flatMap((group) =>
      group.resources
        .filter(({ type }) => type in nameOf)
        .map(({ type, inputs }) => [String(inputs[nameOf[type]!]), group.name]),
    ),
  );

/** The property of an alarm that is its name, by the alarm's type. */
const nameOf: Record<string, string> = {
  "aws:cloudwatch/metricAlarm:MetricAlarm": "name",
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": "alarmName",
};
