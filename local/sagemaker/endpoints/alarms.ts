import { type CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import type { RoleSession } from "../aws/cloud";
import { validationException } from "../protocol/errors";

/** The CloudWatch alarms that watch a deployment, seen with the permissions of the endpoint's execution role. */
export class DeploymentAlarms {
  private readonly client: CloudWatchClient;

  constructor(
    private readonly session: RoleSession,
    private readonly names: string[],
  ) {
    this.client = session.cloudWatch;
  }

  /** Names of those that ring. @throws AwsError when one is not there or the role may not look at it. */
  async ringing(): Promise<string[]> {
    if (this.names.length === 0) return [];
    const command = new DescribeAlarmsCommand({
      AlarmNames: this.names,
      AlarmTypes: ["MetricAlarm", "CompositeAlarm"],
    });
    const { MetricAlarms = [], CompositeAlarms = [] } = await this.client
      .send(command)
      .catch((error: Error) => {
        if (!/AccessDenied/.test(error.name)) throw error;
        throw validationException(
          this.session.refusal("cloudwatch:DescribeAlarms", `alarm:${this.names.join(", ")}`),
        );
      });
    const found = [...MetricAlarms, ...CompositeAlarms];
    const missing = this.names.filter((name) => !found.some(({ AlarmName }) => AlarmName === name));
    if (missing.length > 0) throw validationException(`Could not find alarm(s) ${listed(missing)}.`);
    return found.filter(({ StateValue }) => StateValue === "ALARM").map(({ AlarmName = "" }) => AlarmName);
  }
}

export const listed = (names: string[]) => names.map((name) => `"${name}"`).join(", ");
