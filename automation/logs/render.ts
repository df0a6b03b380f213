import pc from "picocolors";
import { type LogLine } from "./reader";

/** What a line says, taken apart. */
export interface Parsed {
  level: string;
  message: string;
  fields: Record<string, unknown>;
}

/** Lambda's own lines around each invocation: they say nothing that the line REPORT does not. */
const isNoise = (message: string) => /^(START|END) RequestId: /.test(message);

/** Fields that every line has, or that are for CloudWatch's metrics. */
const implied = ["time", "level", "message", "stack", "function", "_aws"];

/** The parts of a line: of Slipway's Lambdas, of API Gateway, of EventBridge; any other is a text. */
export function parse(message: string): Parsed {
  const value = json(message);
  if (!value) return { level: /^REPORT /.test(message) ? "report" : "", message, fields: {} };
  const { level, message: said, detail } = value;
  if (typeof said === "string") {
    return { level: typeof level === "string" ? level : "", message: said, fields: without(value, implied) };
  }
  if (typeof value["detail-type"] === "string") {
    const named = Object.entries(isObject(detail) ? detail : {});
    const plain = named.filter(([key, each]) => typeof each === "string" && /Name|Status|Reason/.test(key));
    return { level: "event", message: value["detail-type"], fields: Object.fromEntries(plain) };
  }
  if (typeof value.method === "string") {
    const { method, path, status } = value as Record<string, string>;
    const rest = without(value, ["method", "path", "status", "time"]);
    return { level: "access", message: `${method} ${path} ${status}`, fields: rest };
  }
  return { level: "", message, fields: {} };
}

const colours: Record<string, (text: string) => string> = {
  ...{ error: pc.red, warn: pc.yellow, info: pc.green },
  ...{ report: pc.dim, event: pc.cyan, access: pc.cyan },
};

/** A line as people read it: time, stage, level, message, fields; undefined for one that says nothing. */
export function render({ stage, time, message }: LogLine, stageWidth: number): string | undefined {
  if (isNoise(message)) return undefined;
  const { level, message: said, fields } = parse(message);
  const colour = colours[level] ?? ((text: string) => text);
  const shown = level === "report" ? pc.dim(said.replace(/\t/g, "  ")) : said;
  return [
    pc.dim(new Date(time).toISOString()),
    pc.blue(stage.padEnd(stageWidth)),
    ...(level ? [colour(level.padEnd(6))] : []),
    shown,
    ...Object.entries(fields).map(([name, value]) => pc.dim(`${name}=`) + shownValue(value)),
  ].join(" ");
}

/** A line for programs: what is JSON stays JSON. */
export const document = ({ stage, stream, time, message }: LogLine) => ({
  ...{ time: new Date(time).toISOString(), stage, stream, message: json(message) ?? message },
});

function shownValue(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}

const without = (value: Record<string, unknown>, names: string[]) =>
  Object.fromEntries(
    Object.entries(value).filter(([name, each]) => !names.includes(name) && each !== "-" && each !== ""),
  );

function json(message: string): Record<string, unknown> | undefined {
  if (!message.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(message);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
