import * as v from "valibot";

const time = v.pipe(v.string(), v.isoTimestamp());

/** An export that has been asked for, or is about to be. */
const exportSchema = v.object({
  /** Changes from then on; none: the whole table. */
  from: v.optional(time),
  to: v.optional(time),
  /** With which asking again means the same export. */
  token: v.string(),
  arn: v.optional(v.string()),
});

/** `sources/<source>/state.json` */
export const stateSchema = v.object({
  /** All changes before then have landed. */
  until: v.optional(time),
  pending: v.optional(exportSchema),
  /** Exports that failed since the last that did not: part of the next one's token. */
  failures: v.optional(v.number(), 0),
});

export type State = v.InferOutput<typeof stateSchema>;
export type Export = v.InferOutput<typeof exportSchema>;

const minuteMs = 60_000;
// AWS's limits of an incremental export's window, and of what a table remembers.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
const shortestMs = 15 * minuteMs;
const longestMs = 24 * 60 * minuteMs;

/**
 * The export that comes next: the whole table at first, and again when its changes are older than the table remembers;
 * else the changes since the last one, a day of them at most.
 * @returns when to come again, when it is too early for the next one.
 */
export function nextExport(
  { until, failures }: State,
  now: Date,
  rememberedDays: number,
): Export | { after: Date } {
  const rememberedMs = rememberedDays * 24 * 60 * minuteMs;
  if (until === undefined || now.getTime() - Date.parse(until) > rememberedMs - longestMs) {
    return { token: `full-${until ?? "first"}-${failures}` };
  }
  const from = Date.parse(until);
  const earliest = from + shortestMs;
  if (now.getTime() < earliest) return { after: new Date(earliest) };
  const latest = Math.max(earliest, Math.floor(now.getTime() / 1000) * 1000); // what is to come is the next one's
  const to = new Date(Math.min(from + longestMs, latest)).toISOString();
  return { from: until, to, token: `${until}-${to}-${failures}` };
}
