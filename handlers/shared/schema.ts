// That of the problem whose bundle it is (components/lambda/bundle.ts); elsewhere the container's own (package.json).
import document from "#schema";

/** One property of schema.json: JSON Schema 2020-12 plus role and unit. */
export interface FieldSchema {
  type: string | string[];
  description?: string;
  examples?: unknown[];
  "x-role": string;
  "x-unit"?: string;
  [keyword: string]: unknown;
}

/** schema.json: what one record is. */
export interface RecordSchema {
  $schema: string;
  title: string;
  description: string;
  type: string;
  additionalProperties: boolean;
  required: string[];
  properties: Record<string, FieldSchema>;
}

export const recordSchema: RecordSchema = document;

/** What a prediction is asked with: the features and the time of `schema`, nothing else. */
export function requestSchema(schema: RecordSchema): RecordSchema {
  const isAsked = ([, field]: [string, FieldSchema]) => ["feature", "time"].includes(field["x-role"]);
  const properties = Object.fromEntries(Object.entries(schema.properties).filter(isAsked));
  if ("instances" in properties) {
    throw new Error("schema.json: a feature cannot be named instances, as requests of many records use it.");
  }
  return { ...schema, required: schema.required.filter((name) => name in properties), properties };
}

/** Name and unit of what is predicted. */
export function targetOf(schema: RecordSchema): { name: string; unit: string } {
  const target = Object.entries(schema.properties).find(([, field]) => field["x-role"] === "target");
  if (target === undefined) throw new Error("schema.json: one property must have the x-role target.");
  return { name: target[0], unit: target[1]["x-unit"] ?? "" };
}
