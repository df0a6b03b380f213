import { paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import { type Alarm } from "../sections";
import { type World } from "../world";

/** The stack's alarms, those that ring first. */
export async function readAlarms({ clients, outputs }: World): Promise<Alarm[]> {
  // All names of a stack begin alike.
  const input = { AlarmNamePrefix: outputs.jobPrefix };
  const found: Alarm[] = [];
  for await (const page of paginateDescribeAlarms({ client: clients.cloudwatch }, input)) {
    for (const alarm of [...(page.CompositeAlarms ?? []), ...(page.MetricAlarms ?? [])]) {
      found.push({
        name: (alarm.AlarmName ?? "").slice(outputs.jobPrefix.length),
        state: alarm.StateValue ?? "INSUFFICIENT_DATA",
        reason: alarm.StateReason ?? "",
        since: alarm.StateUpdatedTimestamp?.toISOString() ?? null,
        description: alarm.AlarmDescription ?? "",
      });
    }
  }
  return found.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

const rank = ({ state }: Alarm) =>
  ["ALARM", "OK"].indexOf(state) + 3 * Number(state !== "ALARM" && state !== "OK");
