import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RecordSchema } from "../../../handlers/shared/schema";

/** A small schema: a moment, a number, a category that may be missing, and what is not used. */
export const schema: RecordSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Trip",
  description: "A trip.",
  type: "object",
  additionalProperties: false,
  required: ["at", "miles", "riders"],
  properties: {
    at: { type: "string", pattern: "^20[0-9]{2}-.*$", examples: ["2019-03-23 20:21:09"], "x-role": "time" },
    miles: { type: "number", minimum: 0, exclusiveMaximum: 100, "x-role": "target", "x-unit": "miles" },
    riders: { type: "integer", minimum: 1, "x-role": "feature" },
    color: { type: ["string", "null"], enum: ["green", "yellow", null], "x-role": "feature" },
    zone: { type: ["string", "null"], pattern: "^[^\\u0000-\\u001f]+$", maxLength: 8, "x-role": "feature" },
    tip: { type: ["number", "null"], "x-role": "ignore" },
  },
};

/** The schema with `name` as (one of) its key. */
export const keyedBy = (name: string): RecordSchema => ({
  ...schema,
  properties: {
    ...schema.properties,
    [name]: { ...(schema.properties[name] ?? { type: "string" }), "x-role": "key" },
  },
});

/** A folder for a test's files. */
export class Files {
  readonly folder = mkdtempSync(join(tmpdir(), "slipway-data-test-"));

  write(name: string, content: string | Buffer): { path: string; key: string } {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return { path, key: `raw/test/2019-03-23/${name}` };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const header = "at,miles,riders,color,zone,tip";
export const csv = (...rows: string[]) => `${[header, ...rows].join("\n")}\n`;
