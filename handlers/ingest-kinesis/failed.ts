import { gunzipSync } from "node:zlib";
import * as v from "valibot";
import { type RecordCheck } from "../shared/record-check";

/**
 * A record that Firehose could not have transformed, as it writes it below the error prefix
 * (https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html).
 */
const failedSchema = v.object({
  rawData: v.pipe(v.string(), v.base64()),
  arrivalTimestamp: v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(Number))),
});

/** A record that does not fit the schema, as it is kept below `rejected/`. */
export interface Rejected {
  reason: string;
  /** When it came into the stream, ISO 8601. */
  arrivedAt?: string;
  /** What was sent, as text; what is no text is in `base64`. */
  data?: string;
  base64?: string;
}

export interface Sorted {
  /** Records that do fit: the Lambda that should have passed them on had failed. */
  recovered: string[];
  rejected: Rejected[];
}

/** Looks at each record of an error object again, and says which ones are really wrong. */
export function sortFailed(content: Buffer, check: RecordCheck): Sorted {
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  const lines = (isGzip ? gunzipSync(content) : content).toString().split("\n").filter(Boolean);
  const sorted: Sorted = { recovered: [], rejected: [] };
  for (const line of lines) {
    const failed = v.safeParse(v.pipe(v.string(), v.parseJson(), failedSchema), line);
    if (!failed.success) {
      sorted.rejected.push({ reason: "Firehose's error record cannot be read", data: line });
      continue;
    }
    const bytes = Buffer.from(failed.output.rawData, "base64");
    const checked = check.check(bytes);
    if ("line" in checked) sorted.recovered.push(checked.line);
    else sorted.rejected.push(rejected(checked.reason, bytes, failed.output.arrivalTimestamp));
  }
  return sorted;
}

function rejected(reason: string, bytes: Buffer, arrival: number | undefined): Rejected {
  const text = bytes.toString();
  const isText = Buffer.from(text).equals(bytes);
  return {
    reason,
    arrivedAt: arrival ? new Date(arrival).toISOString() : undefined,
    ...(isText ? { data: text } : { base64: bytes.toString("base64") }),
  };
}

/** `3 times: the record is not JSON; once: fare must be at most 1000 (given: 9999)`: the most frequent first. */
export function reasonsOf(records: Rejected[], most = 3): string {
  const kinds = new Map<string, { count: number; example: string }>();
  for (const { reason } of records) {
    const kind = reason.replace(/ \(given: .*$/s, "");
    const known = kinds.get(kind);
    if (known) known.count += 1;
    else kinds.set(kind, { count: 1, example: reason });
  }
  const sorted = [...kinds.values()].sort((one, other) => other.count - one.count);
  const named = sorted.slice(0, most).map(({ count, example }) => `${times(count)}: ${example}`);
  const rest = sorted.slice(most).reduce((sum, { count }) => sum + count, 0);
  return [...named, ...(rest > 0 ? [`${times(rest)}: other reasons`] : [])].join("; ");
}

const times = (count: number) => (count === 1 ? "once" : `${count} times`);
