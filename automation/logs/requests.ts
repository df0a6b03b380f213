import {
  type CloudWatchLogsClient,
  FilterLogEventsCommand,
  ResourceNotFoundException,
} from "@aws-sdk/client-cloudwatch-logs";
import { quantileSorted } from "simple-statistics";

/** A caller's request, as the predict function has logged it. */
export interface LoggedRequest {
  /** Milliseconds since 1970. */
  at: number;
  /** Undefined: it was not answered with a prediction. */
  release?: string;
  status: number;
  /** Milliseconds. */
  latency?: number;
}

/** The first callers' requests in the predict function's log from `startTime` (to `endTime`), by id. @param most about so many lines. */
export async function readRequests(
  client: CloudWatchLogsClient,
  logGroupName: string,
  times: { startTime: number; endTime?: number },
  most: number,
): Promise<[string, LoggedRequest][]> {
  const found: [string, LoggedRequest][] = [];
  let nextToken: string | undefined;
  const input = { logGroupName, ...times, filterPattern: "predicted", limit: Math.min(most, 10_000) };
  try {
    do {
      const page = await client.send(new FilterLogEventsCommand({ ...input, nextToken }));
      for (const { message = "", timestamp = 0 } of page.events ?? [])
        found.push(...parse(message, timestamp));
      nextToken = page.nextToken;
    } while (nextToken && found.length < most);
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error; // nobody has asked yet
  }
  return found;
}

/** A line of the log as a caller's request with its id; none when it is another line, or the release engine has asked. */
export function parse(message: string, at: number): [string, LoggedRequest][] {
  let line: Record<string, unknown>;
  try {
    line = JSON.parse(message) as Record<string, unknown>;
  } catch {
    return []; // of Lambda itself
  }
  if (line.isProbe === true) return [];
  const id = String(line.requestId);
  if (line.message === "predicted")
    return [[id, { at, release: String(line.release), status: 200, latency: Number(line.Latency) }]];
  return line.message === "not predicted" ? [[id, { at, status: Number(line.status) }]] : [];
}

/** What half, and 95 of 100, of the latencies are within, in milliseconds; null of none. */
export function latencyOf(requests: LoggedRequest[]): { p50: number | null; p95: number | null } {
  const times = requests.flatMap(({ latency }) => latency ?? []).sort((a, b) => a - b);
  const within = (p: number) => (times.length ? Math.round(10 * quantileSorted(times, p)) / 10 : null);
  return { p50: within(0.5), p95: within(0.95) };
}
