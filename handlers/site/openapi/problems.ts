import { type ResponseObject, type SchemaObject } from "openapi3-ts/oas31";
import { ref } from "./feature";

/** Every problem that the API names, with its status and title. A test compares it with the Lambdas' sources. */
const catalogue = {
  "malformed-body": [400, "The request's body cannot be read"],
  "invalid-fields": [400, "The request does not fit the schema"],
  "bad-key": [400, "The idempotency key cannot be used"],
  "refused-by-model": [400, "The model refuses the request"],
  "invalid-token": [400, "The link does not work any more"],
  forbidden: [403, "The API key is missing or unknown"],
  "not-found": [404, "There is nothing at this address"],
  "unknown-batch": [404, "There is no such batch"],
  "still-running": [409, "The same request is still being answered"],
  "too-many-instances": [413, "Too many records in one request"],
  "too-large": [413, "The request is too large"],
  "unsupported-media-type": [415, "The request's body is not JSON"],
  "key-reused": [422, "The idempotency key belongs to another request"],
  "too-many-requests": [429, "Too many requests"],
  "quota-exceeded": [429, "The day's requests are used up"],
  unexpected: [500, "Something went wrong here"],
  "model-failed": [502, "The model failed"],
  "no-release": [503, "There is no model yet"],
  "not-ready": [503, "The model is not ready"],
  "health-unknown": [503, "Whether the model works is not known"],
  "no-keys": [503, "Idempotency keys cannot be looked up just now"],
  busy: [503, "The model is busy"],
  timeout: [503, "The model did not answer in time"],
  "gateway-timeout": [504, "The answer took too long"],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemName = keyof typeof catalogue;

export const problemNames = Object.keys(catalogue) as ProblemName[];

const explanations: Record<number, string> = {
  400: "The request is not as it must be; `errors` says which fields are to blame.",
  403: "The header `x-api-key` is missing or its key is not known.",
  404: "There is nothing of that name.",
  409: "Another request stands in the way. Wait for its answer, then send this one again.",
  413: "Send less at once.",
  415: "Send `content-type: application/json`.",
  422: "The request is well formed, but contradicts an earlier one.",
  429: "Your key's limit is reached. Slow down, and send the request again.",
  500: "A fault of the API. If it happens again, tell the team, with the request id.",
  502: "The model could not make a prediction, and not because of the request.",
  503: "Nothing is wrong with the request: it will work after the seconds that `retry-after` names.",
  504: "The answer took longer than 29 seconds. Send the request again, with fewer records if it has many.",
};

/** The answers of an operation that are problem documents, by status. */
export function problems(...names: ProblemName[]): Record<string, ResponseObject> {
  const statuses = [...new Set(names.map((name) => catalogue[name][0]))].sort();
  return Object.fromEntries(
    statuses.map((status) => [
      `${status}`,
      response(
        status,
        names.filter((name) => catalogue[name][0] === status),
      ),
    ]),
  );
}

/** These pass by themselves, after the seconds that a header names. */
const passing = new Set([409, 429, 503, 504]);

const response = (status: number, names: ProblemName[]): ResponseObject => ({
  description: explanations[status] ?? "",
  ...(passing.has(status)
    ? {
        headers: {
          "retry-after": { description: "Seconds to wait.", schema: { type: "integer", minimum: 1 } },
        },
      }
    : {}),
  content: {
    "application/problem+json": {
      schema: ref("Problem"),
      examples: Object.fromEntries(names.map((name) => [name, { value: example(name) }])),
    },
  },
});

const example = (name: ProblemName) => ({
  type: `urn:slipway:problem:${name}`,
  title: catalogue[name][1],
  status: catalogue[name][0],
  ...(name === "invalid-fields"
    ? { errors: [{ instance: 0, field: "example", value: -1, rule: "must be at least 0" }] }
    : {}),
  requestId: "5e4c1b2a-0d3f-4a6b-9c8d-7e6f5a4b3c2d",
});

export const problemSchema: SchemaObject = {
  type: "object",
  title: "Problem",
  description: "What went wrong and what to do next (RFC 9457).",
  required: ["type", "title", "status"],
  properties: {
    type: {
      type: "string",
      pattern: "^urn:slipway:problem:[a-z-]+$",
      description: "The kind of problem, for programs: its end is a name that does not change.",
    },
    title: { type: "string", description: "The kind of problem, for people." },
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: { type: "string", description: "What happened this time and what to do next." },
    requestId: { type: "string", description: "Name it when you ask for help." },
    errors: {
      type: "array",
      description: "The fields to blame, at most 100.",
      items: {
        type: "object",
        required: ["field", "value", "rule"],
        properties: {
          instance: {
            type: "integer",
            minimum: 0,
            description: "Position of the record in `instances`; 0 for a single record.",
          },
          field: { type: "string" },
          value: { description: "What was sent, shortened when it is long; null when nothing was." },
          rule: { type: "string", description: "Completes the sentence that begins with the field's name." },
        },
      },
    },
  },
};
