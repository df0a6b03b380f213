import { type APIGatewayProxyEvent } from "aws-lambda";
import * as v from "valibot";
import { type FieldError, type Problem } from "../shared/problem";
import { bodyOf } from "../shared/request";
import { severities, subscribableKinds } from "../shared/subscription";

const oneOf = (names: readonly string[]) => `must be ${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

const email = v.pipe(
  v.string("must be text"),
  v.trim(),
  v.maxLength(254, "must have at most 254 characters"),
  v.email("must be an email address, like name@example.com"),
);

/** Body of `POST /subscriptions/removals`. */
export const removalSchema = v.strictObject({ email });

/** Body of `POST /subscriptions`. */
export const subscriptionSchema = v.strictObject({
  email,
  kinds: v.optional(
    v.pipe(
      v.array(v.picklist(subscribableKinds, oneOf(subscribableKinds)), "must be a list of kinds"),
      v.minLength(1, "must name at least one kind"),
      v.maxLength(subscribableKinds.length, "must name each kind once"),
    ),
  ),
  minSeverity: v.optional(v.picklist(severities, oneOf(severities))),
});

export const isEmail = (value: string) => v.is(email, value);

/** The request's JSON as `schema` wants it, or the problem that its sender has to solve. */
export function read<Schema extends v.GenericSchema>(
  event: APIGatewayProxyEvent,
  schema: Schema,
): { value: v.InferOutput<Schema> } | { problem: Problem } {
  let json: unknown;
  try {
    json = JSON.parse(bodyOf(event).toString());
  } catch {
    return { problem: { ...malformed, detail: 'The body is not JSON. Send {"email": "name@example.com"}.' } };
  }
  const result = v.safeParse(schema, json);
  if (result.success) return { value: result.output };
  const errors = result.issues.map((issue) => errorOf(issue));
  const [{ field, rule } = { field: "body", rule: "" }] = errors;
  return {
    problem: {
      status: 400,
      name: "invalid-fields",
      title: "The request does not fit the schema",
      detail: `${field} ${rule}. Nothing was changed: correct the request and send it again.`,
      errors,
    },
  };
}

const maxShownCharacters = 100;

function errorOf(issue: v.BaseIssue<unknown>): FieldError {
  const field = v.getDotPath(issue) ?? "body";
  const value = typeof issue.input === "object" && issue.input !== null ? "an object" : issue.input;
  const shown = typeof value === "string" ? value.slice(0, maxShownCharacters) : (value ?? null);
  const isUnknown = issue.type === "strict_object" && issue.expected === "never";
  const isMissing = issue.type === "strict_object" && issue.received === "undefined";
  const rule = isUnknown
    ? "is no field of this request"
    : isMissing
      ? "is missing"
      : issue.type === "strict_object"
        ? "must be a JSON object"
        : issue.message;
  return { field: field.slice(0, maxShownCharacters), value: shown, rule };
}

const malformed = { status: 400, name: "malformed-body", title: "The request's body cannot be read" };
