import { type FirehoseTransformationEvent, type FirehoseTransformationResult } from "aws-lambda";
import { type Log } from "../shared/log";
import { type RecordCheck } from "../shared/record-check";

/**
 * Makes a line of JSON of each record that fits the schema. Firehose keeps the others below its error prefix, where
 * handlers/ingest-kinesis finds them; none is dropped.
 */
export function transform(
  event: FirehoseTransformationEvent,
  check: RecordCheck,
  log: Log,
): FirehoseTransformationResult {
  const reasons = new Map<string, number>();
  const records = event.records.map(({ recordId, data }) => {
    const checked = check.check(Buffer.from(data, "base64"));
    if ("line" in checked) {
      return { recordId, result: "Ok" as const, data: Buffer.from(`${checked.line}\n`).toString("base64") };
    }
    const kind = checked.reason.replace(/ \(given: .*$/s, ""); // a log has no data
    reasons.set(kind, (reasons.get(kind) ?? 0) + 1);
    return { recordId, result: "ProcessingFailed" as const, data };
  });
  for (const [reason, count] of reasons) log.warn("records refused", { reason, count });
  return { records };
}
