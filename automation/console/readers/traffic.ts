import { group } from "d3-array";
import { latencyOf, type LoggedRequest, readRequests } from "../../logs/requests";
import { type Span, type Traffic } from "../sections";
import { type World } from "../world";

const spanMs = 5_000;
const spans = 60;
/** Lines that a look takes; where more are written between two looks, the counts are too low. */
const mostLines = 10_000;
/** Log lines may come so late. */
const lateMs = 10_000;

/** Follows callers' requests in the log of the predict function. */
export class TrafficReader {
  /** By request id, so that looks may overlap. */
  private readonly requests = new Map<string, LoggedRequest>();

  async read({ clients, outputs }: World, now = Date.now()): Promise<Traffic> {
    const from = Math.max(now - spans * spanMs, this.newest() - lateMs);
    const found = await readRequests(clients.logs, outputs.predictLogGroup, { startTime: from }, mostLines);
    for (const [id, request] of found) this.requests.set(id, request);
    for (const [id, { at }] of this.requests) if (at < now - spans * spanMs) this.requests.delete(id);
    return summarize([...this.requests.values()], now);
  }

  private newest(): number {
    let newest = 0;
    for (const { at } of this.requests.values()) newest = Math.max(newest, at);
    return newest;
  }
}

/** Requests in spans of time, oldest first; the last one is the one that `now` is in. */
export function summarize(requests: LoggedRequest[], now: number): Traffic {
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

const toSpan = (at: number, requests: LoggedRequest[]): Span => ({
  at,
  answered: requests.filter(({ status }) => status === 200).length,
  refused: requests.filter(({ status }) => status >= 400 && status < 500).length,
  failed: requests.filter(({ status }) => status >= 500).length,
  ...latencyOf(requests),
});
