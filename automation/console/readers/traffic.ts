import { FilterLogEventsCommand, ResourceNotFoundException } from "@aws-sdk/client-cloudwatch-logs";
import { group } from "d3-array";
import { quantileSorted } from "simple-statistics";
import { type Span, type Traffic } from "../sections";
import { type World } from "../world";

const spanMs = 5_000;
const spans = 60;
/** Lines that a look takes; where more are written between two looks, the counts are too low. */
const mostLines = 10_000;
/** Log lines may come so late. */
const lateMs = 10_000;

/** One request, as the predict function has logged it. */
interface Logged {
  at: number;
  /** Undefined: it was not answered with a prediction. */
  release?: string;
  status: number;
  latency?: number;
}

/** Follows callers' requests in the log of the predict function. */
export class TrafficReader {
  /** By request id, so that looks may overlap. */
  private readonly requests = new Map<string, Logged>();

  async read(world: World, now = Date.now()): Promise<Traffic> {
    const from = Math.max(now - spans * spanMs, this.newest() - lateMs);
    for (const [id, request] of await readLog(world, from)) this.requests.set(id, request);
    for (const [id, { at }] of this.requests) if (at < now - spans * spanMs) this.requests.delete(id);
    return summarize([...this.requests.values()], now);
  }

  private newest(): number {
    let newest = 0;
    for (const { at } of this.requests.values()) newest = Math.max(newest, at);
    return newest;
  }
}

async function readLog(
  { clients: { logs }, outputs }: World,
  startTime: number,
): Promise<[string, Logged][]> {
  const found: [string, Logged][] = [];
  let nextToken: string | undefined;
  const input = { logGroupName: outputs.predictLogGroup, startTime, filterPattern: "predicted" };
  try {
    do {
      const page = await logs.send(new FilterLogEventsCommand({ ...input, nextToken }));
      for (const { message = "", timestamp = 0 } of page.events ?? [])
        found.push(...parse(message, timestamp));
      nextToken = page.nextToken;
    } while (nextToken && found.length < mostLines);
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error; // nobody has asked yet
  }
  return found;
}

/** A line of the log as a caller's request with its id; none when it is another line, or the release engine has asked. */
export function parse(message: string, at: number): [string, Logged][] {
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

/** Requests in spans of time, oldest first; the last one is the one that `now` is in. */
export function summarize(requests: Logged[], now: number): Traffic {
  const last = Math.floor(now / spanMs) * spanMs;
  const first = last - (spans - 1) * spanMs;
  const bySpan = group(requests, ({ at }) => Math.floor(at / spanMs) * spanMs);
  const releases: Record<string, number> = {};
  for (const { at, release } of requests)
    if (release && at > now - 60_000) releases[release] = (releases[release] ?? 0) + 1;
  return {
    seconds: spanMs / 1000,
    spans: Array.from({ length: spans }, (_, i) =>
      toSpan(first + i * spanMs, bySpan.get(first + i * spanMs) ?? []),
    ),
    releases,
  };
}

function toSpan(at: number, requests: Logged[]): Span {
  const times = requests.flatMap(({ latency }) => latency ?? []).sort((a, b) => a - b);
  const quantile = (p: number) => (times.length ? Math.round(10 * quantileSorted(times, p)) / 10 : null);
  return {
    at,
    answered: requests.filter(({ status }) => status === 200).length,
    refused: requests.filter(({ status }) => status >= 400 && status < 500).length,
    failed: requests.filter(({ status }) => status >= 500).length,
    p50: quantile(0.5),
    p95: quantile(0.95),
  };
}
