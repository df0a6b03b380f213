import { closestMatch } from "leven";
import { type FieldSchema, type RecordSchema } from "./schema";

/** The part of an Ajv error that rules are worded from. */
export interface Violation {
  keyword: string;
  params: Record<string, unknown>;
  /** The property's schema. */
  parentSchema?: unknown;
  data?: unknown;
}

const nouns: Record<string, string> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  null: "null",
  object: "a record (a JSON object)",
};

const bounds: Record<string, string> = {
  minimum: "at least",
  exclusiveMinimum: "greater than",
  maximum: "at most",
  exclusiveMaximum: "less than",
};

const show = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const oneOf = (values: unknown[]): string => `must be one of ${values.map(show).join(", ")}`;

/** What a value of a known field must be, worded as the container words it: completes "<field> ...". */
export function ruleOf({ keyword, params, parentSchema, data }: Violation): string {
  const limit = show(params.limit);
  const field = parentSchema as FieldSchema;
  switch (keyword) {
    case "required":
      return "is required";
    case "type":
      if (Array.isArray(field.enum)) return oneOf(field.enum);
      if (typeof data === "number" && !Number.isFinite(data)) return "must be a finite number";
      return `must be ${[params.type]
        .flat()
        .map((type) => nouns[String(type)] ?? String(type))
        .join(" or ")}`;
    case "enum":
      return oneOf(params.allowedValues as unknown[]);
    case "minLength":
      return `must have at least ${limit} characters`;
    case "maxLength":
      return `must have at most ${limit} characters`;
    case "pattern": {
      const [example] = field.examples ?? [];
      if (field["x-role"] === "time") return `must be a date and time like ${show(example)}`;
      return `must match the pattern ${show(params.pattern)}`;
    }
    case "x-role":
      return "must be a date and time that exists";
    default:
      return keyword in bounds ? `must be ${bounds[keyword]} ${limit}` : `breaks the rule ${keyword}`;
  }
}

/** What to say of a field that requests do not have, with the field that may be meant. */
export function unknownFieldRule(name: string, schema: RecordSchema, known: string[]): string {
  const role = schema.properties[name]?.["x-role"];
  if (role === "target") return "is what is predicted; leave it out";
  if (role !== undefined) return "is not known when predicting; leave it out";
  const lower = name.toLowerCase();
  const near = known.find((field) => field.toLowerCase() === lower) ?? nearest(lower, known);
  return `is not a known field${near === undefined ? "" : `; did you mean ${near}?`}`;
}

// Short names only: the search takes longer with every character, and callers choose the name.
const nearest = (name: string, known: string[]): string | undefined =>
  name.length > 64
    ? undefined
    : closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });

/** Whether `value` starts with a day that the calendar has; anything that is no date is left to `pattern`. */
export function isOnCalendar(value: string): boolean {
  const [day] = /^\d{4}-\d{2}-\d{2}/.exec(value) ?? [];
  if (day === undefined) return true;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}
