import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { schemaFile, standardProblem } from "../components/shared/problem";
import { type RecordSchema } from "../handlers/shared/schema";
import { UserError } from "./errors";

export const projectRoot = resolve(__dirname, "..");

/** The CSV file of a problem's folder, or in `data/`: the sample that comes with the project. */
export function sampleData(problem = standardProblem): string {
  const folder = join(projectRoot, problem === standardProblem ? "data" : problem);
  const files = readdirSync(folder).filter((name) => name.endsWith(".csv"));
  const [file] = files.sort();
  if (file !== undefined) return join(folder, file);
  throw new UserError(`There is no sample data: ${folder} holds no CSV file. Put one there.`);
}

/** A field of `schema.json`, likewise. */
export interface SchemaField {
  type: string | string[];
  description?: string;
  examples?: unknown[];
  "x-role": "feature" | "target" | "key" | "time" | "ignore";
  "x-unit"?: string;
  enum?: (string | null)[];
}

/** `schema.json` as far as the command line needs it: what a record is. */
export interface Schema {
  title: string;
  properties: Record<string, SchemaField>;
}

/** The schema of a problem: see components/shared/problem.ts. */
export function readSchema(problem = standardProblem): RecordSchema & Schema {
  return readJson(schemaFile(problem));
}

/** A record as it is sent to be predicted, made of the schema's own examples. */
export function exampleRecord(schema: Schema = readSchema()): Record<string, unknown> {
  const asked = Object.entries(schema.properties).filter(([, field]) =>
    ["feature", "time"].includes(field["x-role"]),
  );
  return Object.fromEntries(asked.map(([name, field]) => [name, field.examples?.[0] ?? null]));
}

/** What is predicted: a number in `unit`, or one of `classes`. */
export function target(schema: Schema = readSchema()): { name: string; unit: string; classes?: string[] } {
  const found = Object.entries(schema.properties).find(([, field]) => field["x-role"] === "target");
  if (!found)
    throw new UserError("schema.json has no property with the x-role 'target'. Give one of them that role.");
  const [name, field] = found;
  const unit = field["x-unit"] ?? "";
  if (![field.type].flat().includes("string")) return { name, unit };
  return { name, unit, classes: (field.enum ?? []).filter((text) => text !== null) };
}

/** Parses a JSON file. @throws UserError that names the file. */
export function readJson<T>(file: string): T {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as T;
  } catch (error) {
    throw new UserError(
      `${file} cannot be read as JSON: ${(error as Error).message}. Put it right, then try again.`,
    );
  }
}
