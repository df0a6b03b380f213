import { type FieldSchema, type RecordSchema, requestSchema } from "../../shared/schema";

/** A field of the form. */
export interface Field {
  name: string;
  label: string;
  /** What it is, in a sentence. */
  help: string;
  unit: string;
  optional: boolean;
  /** What an empty field is sent as: null, or not at all. */
  empty: "null" | "omit";
  control: Control;
}

export type Control =
  | { kind: "number"; min?: number; max?: number; step: string; value: string }
  | { kind: "choice"; options: Choice[] }
  | { kind: "time"; type: "date" | "datetime-local"; separator: string; value: string }
  | { kind: "text"; maxLength?: number; value: string };

export interface Choice {
  /** The value as JSON. */
  value: string;
  label: string;
  selected: boolean;
}

/** The form's fields: those of a request, filled in with the examples of `schema`. */
export function formFields(schema: RecordSchema): Field[] {
  const { properties, required } = requestSchema(schema);
  return Object.entries(properties).map(([name, field]) => ({
    name,
    label: labelOf(name),
    help: field.description ?? "",
    unit: isMeasured(field) ? (field["x-unit"] ?? "") : "",
    optional: !required.includes(name),
    empty: required.includes(name) && typesOf(field).includes("null") ? "null" : "omit",
    control: controlOf(field),
  }));
}

/** `pickup_zone` as `Pickup zone`. */
export function labelOf(name: string): string {
  const words = name.replace(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const typesOf = ({ type }: FieldSchema): string[] => [type].flat();

const isMeasured = (field: FieldSchema): boolean =>
  typesOf(field).some((type) => type === "number" || type === "integer");

function controlOf(field: FieldSchema): Control {
  const [example] = field.examples ?? [];
  if (Array.isArray(field.enum)) return { kind: "choice", options: choices(field.enum, example) };
  if (typesOf(field).includes("boolean")) return { kind: "choice", options: choices([true, false], example) };
  if (isMeasured(field)) return numberControl(field, example);
  const value = typeof example === "string" ? example : "";
  return field["x-role"] === "time" ? timeControl(value) : textControl(field, value);
}

const choices = (values: unknown[], example: unknown): Choice[] =>
  values.map((value) => ({
    value: JSON.stringify(value),
    label: choiceLabel(value),
    selected: value === example,
  }));

function choiceLabel(value: unknown): string {
  if (value === null) return "not known";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function numberControl(field: FieldSchema, example: unknown): Control {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum } = field;
  // An excluded limit is shown as one: the API says what is wrong with the limit itself.
  const [min, max] = [minimum ?? exclusiveMinimum, maximum ?? exclusiveMaximum];
  return {
    kind: "number",
    ...(typeof min === "number" ? { min } : {}),
    ...(typeof max === "number" ? { max } : {}),
    step: typesOf(field).includes("number") ? "any" : "1",
    value: typeof example === "number" ? `${example}` : "",
  };
}

/** A time is written as the schema's example is. */
function timeControl(example: string): Control {
  const [, day, separator = "", clock = ""] = /^(\d{4}-\d{2}-\d{2})([ T]?)([\d:]*)/.exec(example) ?? [];
  if (day === undefined) return { kind: "text", value: example };
  return separator
    ? { kind: "time", type: "datetime-local", separator, value: `${day}T${clock}` }
    : { kind: "time", type: "date", separator: "", value: day };
}

const textControl = ({ maxLength }: FieldSchema, value: string): Control => ({
  kind: "text",
  ...(typeof maxLength === "number" ? { maxLength } : {}),
  value,
});
