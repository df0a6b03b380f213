import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { UserError } from "../errors";
import { interruptSignal } from "../interrupt";
import { type Stage } from "./stages";

/** A line of a log. */
export interface LogLine {
  stage: string;
  stream: string;
  /** Milliseconds since 1970. */
  time: number;
  message: string;
}

/** Lines come into CloudWatch Logs late, and not in their order: for so long after a line there is looked for others. */
const lateMs = 20_000;

/** Reads the lines of one stage, each once. */
export class StageReader {
  private readonly seen = new Map<string, number>();

  /** @param since milliseconds since 1970; undefined: of a job all lines. */
  constructor(
    private readonly client: CloudWatchLogsClient,
    private readonly stage: Stage,
    private since: number,
  ) {}

  /** What has come since the last time. @throws UserError when that may not be read. */
  async read(): Promise<LogLine[]> {
    const { name, group, newestJob } = this.stage;
    const prefix = newestJob && (await newestJob());
    if (newestJob && prefix === undefined) return [];
    const lines: LogLine[] = [];
    try {
      for (let nextToken: string | undefined; ;) {
        const page = await this.client.send(
          new FilterLogEventsCommand({
            ...{ logGroupName: group, startTime: this.since, nextToken },
            ...(prefix === undefined ? {} : { logStreamNamePrefix: prefix }),
          }),
          { abortSignal: interruptSignal },
        );
        for (const { eventId, timestamp: time = 0, message = "", logStreamName = "" } of page.events ?? []) {
          const id = eventId ?? `${logStreamName} ${time} ${message}`; // the laptop gives some events no id
          if (this.seen.has(id)) continue;
          this.seen.set(id, time);
          lines.push({ stage: name, stream: logStreamName, time, message: message.trimEnd() });
        }
        nextToken = page.nextToken;
        if (nextToken === undefined) break;
      }
    } catch (error) {
      if ((error as Error).name !== "ResourceNotFoundException") throw explained(error as Error, this.stage);
    }
    this.forget();
    return lines;
  }

  /** From now on only what is not much older than the last line is asked for. */
  private forget(): void {
    const last = Math.max(this.since, ...this.seen.values());
    this.since = Math.max(this.since, last - lateMs);
    for (const [id, time] of this.seen) if (time < this.since) this.seen.delete(id);
  }
}

/** @returns what to do about it when the log may not be read; else the error itself. */
export function explained(error: Error, { name, group }: Pick<Stage, "name" | "group">): Error {
  if (!/^AccessDenied/.test(error.name)) return error;
  return new UserError(
    `You may not read the logs of the stage '${name}' (log group ${group}): ${error.message.replace(/\.?$/, ".")} ` +
      "Ask whoever runs the account for logs:FilterLogEvents on it.",
  );
}
