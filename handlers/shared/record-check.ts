import { type ErrorObject, type ValidateFunction } from "ajv/dist/2020";
import { ruleOf } from "./rules";
import { type RecordSchema } from "./schema";
import { compileValidator } from "./validator";

const maxShownCharacters = 100;

/** What a record is: a line of JSON, or what is wrong with it, for people. */
export type Checked = { line: string } | { reason: string };

/** Checks single records as services send them: UTF-8 JSON of one object with the fields of the schema. */
export class RecordCheck {
  private readonly validate: ValidateFunction;

  constructor(schema: RecordSchema) {
    this.validate = compileValidator(schema);
  }

  /** `bytes` as one line, otherwise as they are: numbers keep their digits. */
  check(bytes: Uint8Array): Checked {
    let text: string;
    let record: unknown;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim();
      record = JSON.parse(text);
    } catch (error) {
      return { reason: error instanceof SyntaxError ? "the record is not JSON" : "the record is not UTF-8" };
    }
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      return { reason: `the record is ${nameOf(record)}, not one JSON object` };
    }
    if (this.validate(record)) return { line: text.replace(/[\r\n]+/g, " ") }; // within JSON's texts there are none
    const [error] = this.validate.errors ?? [];
    return {
      reason: error ? describe(error, record) : "the record breaks a rule",
    };
  }
}

function describe(error: ErrorObject, record: Record<string, unknown>): string {
  const { keyword, params, instancePath } = error;
  if (keyword === "required") return `${String(params.missingProperty)} is required`;
  if (keyword === "additionalProperties") {
    return `${shorten(String(params.additionalProperty))} is not a field of schema.json`;
  }
  const field = instancePath.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
  return `${field} ${ruleOf(error)} (given: ${shorten(JSON.stringify(record[field]))})`;
}

const nameOf = (value: unknown) =>
  Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;

const shorten = (text: string) =>
  text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}...` : text;
