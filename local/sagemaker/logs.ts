import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { type WriteStream, createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { RoleSession } from "./aws/cloud";

const shipEveryMs = 500;
const maxEventsPerRequest = 1_000;
const maxLineLength = 250_000;
const keptLastLines = 20;

interface LogEvent {
  timestamp: number;
  message: string;
}

export interface LogTarget {
  file: string;
  group: string;
  stream: string;
}

/**
 * A container's output, line by line: always into a file, and into CloudWatch Logs with the role's permissions.
 * As on AWS, a role that may not write logs does not fail the job; this server's own log says so once.
 */
export class ContainerLog {
  private readonly file: WriteStream;
  private waiting: LogEvent[] = [];
  private readonly timer: NodeJS.Timeout;
  private shipping: Promise<void> = Promise.resolve();
  private streamMade = false;
  private refused = false;
  private readonly recent: string[] = [];

  constructor(
    private readonly session: RoleSession,
    private readonly target: LogTarget,
    private readonly onLine: (line: string) => void = () => undefined,
  ) {
    mkdirSync(dirname(target.file), { recursive: true });
    this.file = createWriteStream(target.file, { flags: "a" });
    this.file.on("error", (error) => console.error(`${target.file}: ${error.message}`));
    this.timer = setInterval(() => this.ship(), shipEveryMs);
    this.timer.unref();
  }

  line(text: string): void {
    this.file.write(`${text}\n`);
    this.recent.push(text);
    if (this.recent.length > keptLastLines) this.recent.shift();
    if (!this.refused && text !== "") {
      this.waiting.push({ timestamp: Date.now(), message: text.slice(0, maxLineLength) });
    }
    this.onLine(text);
  }

  /** The newest lines that are not empty, in one string for people. */
  lastWords(): string {
    return this.recent
      .filter((line) => line.trim() !== "")
      .slice(-5)
      .join(" | ");
  }

  /** Ships what is left: a job's log is complete before its last status is seen. */
  async flush(): Promise<void> {
    this.ship();
    await this.shipping;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    await new Promise<void>((resolve) => this.file.end(resolve));
  }

  private ship(): void {
    if (this.waiting.length === 0) return;
    const events = this.waiting;
    this.waiting = [];
    this.shipping = this.shipping.then(() => this.put(events));
  }

  private async put(events: LogEvent[]): Promise<void> {
    const { group: logGroupName, stream: logStreamName } = this.target;
    try {
      if (!this.streamMade) await this.makeStream();
      for (let start = 0; start < events.length; start += maxEventsPerRequest) {
        const logEvents = events.slice(start, start + maxEventsPerRequest);
        await this.session.logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
      }
    } catch (error) {
      const { name, message } = error as Error;
      this.refused = /^AccessDenied/.test(name);
      console.error(
        `logs of ${logGroupName}/${logStreamName} are only in ${this.target.file}: ${name}: ${message}`,
      );
    }
  }

  private async makeStream(): Promise<void> {
    const { group: logGroupName, stream: logStreamName } = this.target;
    // The group may be there already, made by somebody with the permission that this role then need not have.
    await this.session.logs.send(new CreateLogGroupCommand({ logGroupName })).catch((error: Error) => {
      if (!/^(ResourceAlreadyExists|AccessDenied)/.test(error.name)) throw error;
    });
    await this.session.logs
      .send(new CreateLogStreamCommand({ logGroupName, logStreamName }))
      .catch((error: Error) => {
        if (!error.name.startsWith("ResourceAlreadyExists")) throw error;
      });
    this.streamMade = true;
  }
}
