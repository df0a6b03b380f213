import { FilterLogEventsCommand, ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import { jobLogGroups } from "../../../components/release/job-log-groups";
import { type JobKind } from "../sections";
import { type World } from "../world";

export const isJobKind = (text: string): text is JobKind => Object.hasOwn(jobLogGroups, text);

/** The first lines of what a job has written, up to `most`; none when it has written nothing (yet). */
export async function readJobLogs(
  { clients: { logs } }: World,
  kind: JobKind,
  name: string,
  most = 1000,
): Promise<string[]> {
  const input = { logGroupName: jobLogGroups[kind], logStreamNamePrefix: `${name}/`, limit: most };
  try {
    const { events = [] } = await logs.send(new FilterLogEventsCommand(input));
    return events.map(({ message = "" }) => message.trimEnd());
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return [];
    throw error;
  }
}
