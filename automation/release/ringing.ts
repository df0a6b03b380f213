import { type CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";

/** Names of the stack's alarms that ring; undefined when one may not ask. */
export async function ringingAlarms(
  client: CloudWatchClient,
  AlarmNamePrefix: string,
): Promise<string[] | undefined> {
  const command = new DescribeAlarmsCommand({ AlarmNamePrefix, StateValue: "ALARM" });
  try {
    const { MetricAlarms = [] } = await client.send(command);
    return MetricAlarms.flatMap(({ AlarmName }) => AlarmName ?? []);
  } catch (error) {
    if (/AccessDenied/.test((error as Error).name)) return undefined;
    throw error;
  }
}
