import { type CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { max, nice } from "d3-array";
import pLimit from "p-limit";
import { counted } from "../../handlers/publish/figures";
import { type Bar, columnChart, roomFor, swatch } from "../charts";
import { explained } from "./reader";
import { latencyOf, type LoggedRequest, readRequests } from "./requests";

const spanMs = 120_000;
const spans = 30;
const minutes = (spans * spanMs) / 60_000;
/** Of a span with more requests the first ones stand for all: whatever the load, it takes a few seconds. */
const mostOfASpan = 300;
/** Looks at the log at a time: CloudWatch allows five a second in most regions. */
const atATime = 4;

/** In milliseconds, as the predict function measures it; null where nothing was predicted. */
interface Within {
  p50: number | null;
  p95: number | null;
  /** Predictions that were measured. */
  measured: number;
}

/** How long predictions took in the last hour. */
export interface Latency extends Within {
  /** Oldest first; `at` is the span's beginning, in ISO 8601. */
  spans: (Within & { at: string })[];
  /** Some spans had more requests than were looked at. */
  sampled: boolean;
}

/** @throws UserError when the log may not be read. */
export async function readLatency(
  client: CloudWatchLogsClient,
  group: string,
  now = Date.now(),
): Promise<Latency> {
  const limit = pLimit(atATime);
  const read = async (startTime: number) => {
    const times = { startTime, endTime: startTime + spanMs - 1 };
    const found = await readRequests(client, group, times, mostOfASpan);
    return { at: new Date(startTime).toISOString(), found: found.map(([, request]) => request) };
  };
  const starts = Array.from({ length: spans }, (_, index) => now - (spans - index) * spanMs);
  const looks = await Promise.all(starts.map((start) => limit(read, start))).catch((error: Error) => {
    throw explained(error, { name: "predict", group });
  });
  return {
    ...within(looks.flatMap(({ found }) => found)),
    sampled: looks.some(({ found }) => found.length >= mostOfASpan),
    spans: looks.map(({ at, found }) => ({ at, ...within(found) })),
  };
}

const within = (requests: LoggedRequest[]): Within => ({
  ...latencyOf(requests),
  measured: requests.filter(({ latency }) => latency !== undefined).length,
});

const ms = (value: number | null) => `${value !== null && value < 10 ? value : Math.round(value ?? 0)} ms`;

/** Latency in a sentence. */
export function latencyText({ p50, p95, measured, sampled }: Latency): string {
  if (measured === 0) return `nothing was predicted in the last ${minutes} minutes`;
  const of = sampled ? `at most ${mostOfASpan} in two minutes looked at` : counted(measured, "prediction");
  return `half within ${ms(p50)}, 95 of 100 within ${ms(p95)} (last ${minutes} minutes, ${of})`;
}

/** Latency over time for a terminal of so many columns; undefined where there is nothing to draw, or no room. */
export function latencyChart({ measured, spans: found }: Latency, columns: number): string | undefined {
  const top = nice(0, max(found, ({ p95 }) => p95 ?? 0) || 1, 4)[1];
  const each = Math.min(3, Math.floor(roomFor(columns, { top, yText: ms }) / found.length));
  if (measured === 0 || each < 1) return undefined;
  const bars = found.flatMap(({ p50, p95 }): Bar[][] =>
    Array<Bar[]>(each).fill(
      p50 === null || p95 === null
        ? []
        : [
            { value: p50, tone: 0 },
            { value: p95, tone: 1 },
          ],
    ),
  );
  const every = each === 1 ? 10 : 5; // spans from word to word
  const words = found.flatMap(({ at }, index) =>
    index % every ? [] : [[index * each, at.slice(11, 16)] as const],
  );
  return [
    "Latency of the predictions, by two minutes (UTC)",
    `  ${swatch(0)} half within  ${swatch(1)} 95 of 100 within`,
    columnChart({ columns: bars, top, yText: ms, xText: new Map(words) }),
  ].join("\n");
}
