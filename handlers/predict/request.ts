import { type ErrorObject, type ValidateFunction } from "ajv/dist/2020";
import { maxInstances } from "../shared/limits";
import { type FieldError, type Problem } from "../shared/problem";
import { ruleOf, unknownFieldRule } from "../shared/rules";
import { type RecordSchema, requestSchema } from "../shared/schema";

/** The search for errors ends here: an answer stays readable, and nobody can keep the API busy with nonsense. */
const maxErrors = 100;
const maxShownCharacters = 100;

export type InputRecord = Record<string, unknown>;
type Envelope = { instances?: unknown };
export type Parsed = { instances: InputRecord[] } | { problem: Problem };

/** Reads the bodies of prediction requests: one record, or {"instances": [1 to 1,000 records]}. */
export class RequestReader {
  private readonly known: string[];

  /** @param validate checks one record against `requestSchema(schema)`. */
  constructor(
    private readonly schema: RecordSchema,
    private readonly validate: ValidateFunction,
  ) {
    this.known = Object.keys(requestSchema(schema).properties);
  }

  /**
   * `body` as records that the model takes, or the problem that its sender has to solve.
   * @param contentType the header of that name; without one, the body is taken for JSON.
   */
  read(body: Uint8Array, contentType = "application/json"): Parsed {
    if (!isJson.test(contentType)) return { problem: notJson(contentType) };
    const envelope = decode(body);
    if ("problem" in envelope) return envelope;
    const { instances } = envelope.value;
    if (Array.isArray(instances) && instances.length > maxInstances) {
      return { problem: tooMany(instances.length) };
    }
    const errors = [...envelopeErrors(envelope.value), ...this.instanceErrors(instances)].slice(0, maxErrors);
    return errors.length > 0 ? { problem: invalidFields(errors) } : { instances: instances as InputRecord[] };
  }

  private instanceErrors(instances: unknown): FieldError[] {
    if (!Array.isArray(instances)) return [];
    const errors: FieldError[] = [];
    for (const [index, instance] of instances.entries()) {
      errors.push(...this.recordErrors(instance).map((error) => ({ instance: index, ...error })));
      if (errors.length >= maxErrors) break;
    }
    return errors;
  }

  /** One error a field, in Ajv's order: the type before what depends on it. */
  private recordErrors(record: unknown): FieldError[] {
    const most = this.known.length + maxErrors;
    if (typeof record === "object" && record !== null && Object.keys(record).length > most) {
      return [
        { field: "instances", value: shown(record), rule: `must hold records of at most ${most} fields` },
      ];
    }
    if (this.validate(record)) return [];
    const errors = new Map<string, FieldError>();
    for (const error of this.validate.errors ?? []) {
      const field = fieldOf(error);
      if (!errors.has(field)) errors.set(field, this.fieldError(error, field));
    }
    return [...errors.values()];
  }

  private fieldError(error: ErrorObject, field: string): FieldError {
    const { keyword, data } = error;
    const name = shorten(field);
    if (keyword === "required") return { field: name, value: null, rule: ruleOf(error) };
    if (keyword !== "additionalProperties") return { field: name, value: shown(data), rule: ruleOf(error) };
    const rule = unknownFieldRule(field, this.schema, [...this.known, "instances"]);
    return { field: name, value: shown((data as InputRecord)[field]), rule };
  }
}

/** What is wrong with {"instances": [...]} itself, whatever the records are. */
function envelopeErrors({ instances, ...others }: Envelope): FieldError[] {
  const errors = Object.entries(others).map(([name, value]) => ({
    field: shorten(name),
    value: shown(value),
    rule: "must not stand beside instances",
  }));
  const rule = Array.isArray(instances) ? "must hold at least 1 record" : "must be an array of records";
  const isList = Array.isArray(instances) && instances.length > 0;
  return isList ? errors : [{ field: "instances", value: shown(instances), rule }, ...errors];
}

/** The JSON of `body`, with a single record put into an envelope. */
function decode(body: Uint8Array): { value: Envelope } | { problem: Problem } {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    return {
      problem: malformed(body.length === 0 ? "The body is empty" : `The body is not JSON: ${reason(error)}`),
    };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const what = Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
    return { problem: malformed(`The body is ${what}`) };
  }
  return { value: Object.hasOwn(value, "instances") ? value : { instances: [value] } };
}

const reason = (error: unknown) =>
  // V8's message quotes the body; its end says where.
  error instanceof SyntaxError
    ? (/at position \d+|end of JSON input/.exec(error.message)?.[0] ?? "bad syntax")
    : "it is not UTF-8";

const isJson = /^application\/([\w.-]+\+)?json\s*(;|$)/i;

const notJson = (contentType: string): Problem => ({
  status: 415,
  name: "unsupported-media-type",
  title: "The request's body is not JSON",
  detail: `The header Content-Type is ${JSON.stringify(shorten(contentType))}. Send JSON, and the header Content-Type: application/json.`,
});

const malformed = (what: string): Problem => ({
  status: 400,
  name: "malformed-body",
  title: "The request's body cannot be read",
  detail: `${what}. Send one record as a JSON object, or {"instances": [...]} with 1 to ${maxInstances} records.`,
});

const tooMany = (count: number): Problem => ({
  status: 413,
  name: "too-many-instances",
  title: "Too many records in one request",
  detail: `The request has ${count} records and the limit is ${maxInstances}. Send them in several requests.`,
});

/** Some fields are not as the schema wants them. */
export function invalidFields(errors: FieldError[]): Problem {
  const first = errors.slice(0, 1).map(describe).join("");
  const listed = `${errors.length} values are refused. `;
  const rest = `Only the first ${maxErrors} errors are listed. `;
  const count = errors.length >= maxErrors ? rest : errors.length > 1 ? listed : "";
  return {
    status: 400,
    name: "invalid-fields",
    title: "The request does not fit the schema",
    detail: `${first}${count}Nothing was predicted: correct the request and send it again.`,
    errors,
  };
}

function describe({ instance, field, value, rule }: FieldError): string {
  const place = instance ? `instances[${instance}].${field}` : field;
  const given = value === null ? "" : ` (given: ${JSON.stringify(value)})`;
  return `${place} ${rule}${given}. `;
}

/** The field that an error is about: `instances` when a record is none. */
function fieldOf({ keyword, params, instancePath }: ErrorObject): string {
  if (keyword === "required") return String(params.missingProperty);
  if (keyword === "additionalProperties") return String(params.additionalProperty);
  // A JSON pointer: "" or "/name", with ~1 for a slash and ~0 for a tilde.
  return instancePath === ""
    ? "instances"
    : instancePath.slice(1).replaceAll("~1", "/").replaceAll("~0", "~");
}

const shorten = (text: string) =>
  text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}...` : text;

/** `value` as an error shows it: whole when it is short. */
function shown(value: unknown): unknown {
  if (typeof value === "string") return shorten(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : "a number out of range";
  return typeof value === "object" && value !== null
    ? Array.isArray(value)
      ? "an array"
      : "an object"
    : value;
}
