import { type EmbeddedMetrics } from "./metrics";

/** Flat, and only what an operator needs: never a caller's data, address or key. */
export type LogFields = Record<string, string | number | boolean | EmbeddedMetrics | undefined>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log with `fields` in every record. */
  with(fields: LogFields): Log;
}

// Not console.log: the Lambda runtime would put time, request id and level before the JSON.
const toStandardOutput = (line: string): void => void process.stdout.write(`${line}\n`);

/** A log of one JSON document a line, as CloudWatch Logs Insights reads it. */
export function createLog(common: LogFields, write = toStandardOutput): Log {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void =>
      write(JSON.stringify({ time: new Date().toISOString(), level, message, ...common, ...fields }));
  return {
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLog({ ...common, ...fields }, write),
  };
}

/** What to log of a caught error. AWS's own messages name the action that was refused. */
export function errorFields(error: unknown): LogFields {
  return error instanceof Error
    ? { error: error.name, reason: error.message }
    : { error: "unknown", reason: String(error) };
}
