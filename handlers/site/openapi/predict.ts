import { type SchemaObject } from "openapi3-ts/oas31";
import { maxInstances } from "../../shared/limits";
import { type FieldSchema, type RecordSchema, requestSchema, targetOf } from "../../shared/schema";
import { exampleOf, type Feature, type Operation, ref, requestIdHeader } from "./feature";
import { problems } from "./problems";

/** `POST /predict`. */
export function predictFeature(schema: RecordSchema): Feature {
  return {
    tag: { name: "Predictions", description: "One record or many, answered at once." },
    paths: { "/predict": { post: operation(schema) } },
    schemas: {
      Record: recordSchema(schema),
      Instances: {
        type: "object",
        additionalProperties: false,
        required: ["instances"],
        properties: {
          instances: {
            type: "array",
            minItems: 1,
            maxItems: maxInstances,
            items: ref("Record"),
          },
        },
      },
      Prediction: predictionSchema(schema),
      Predictions: {
        type: "object",
        required: ["predictions", "release", "requestId"],
        properties: {
          predictions: {
            type: "array",
            description: "One a record, in the order of the records.",
            minItems: 1,
            maxItems: maxInstances,
            items: ref("Prediction"),
          },
          release,
          requestId: { type: "string", description: "Also in the header `x-request-id`." },
        },
      },
    },
  };
}

/** Which release has made a prediction. */
export const release: SchemaObject = {
  type: "string",
  description: "The release that made the predictions: it can be traced to code, data and image.",
  examples: ["3f9c2a17be04"],
};

function operation(schema: RecordSchema): Operation {
  const { name } = targetOf(schema);
  const record = exampleOf(requestSchema(schema));
  return {
    tags: ["Predictions"],
    operationId: "predict",
    summary: `Predict ${name}`,
    description:
      `Send one record, or up to ${maxInstances} as \`{"instances": [...]}\`. All are checked first: when one field ` +
      "of one record is wrong, nothing is predicted and the answer names every field that is.",
    parameters: [idempotencyKey],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: { anyOf: [ref("Record"), ref("Instances")] },
          examples: {
            one: { summary: "One record", value: record },
            many: { summary: "Several records", value: { instances: [record, record] } },
          },
        },
      },
    },
    responses: {
      "200": {
        description: "The predictions.",
        headers: {
          ...requestIdHeader,
          "idempotent-replayed": {
            description: "`true` when this is the answer that an earlier request with the same key got.",
            schema: { type: "string", enum: ["true"] },
          },
        },
        content: {
          "application/json": {
            schema: ref("Predictions"),
            example: {
              predictions: [examplePrediction(schema)],
              release: "3f9c2a17be04",
              requestId: "5e4c1b2a-0d3f-4a6b-9c8d-7e6f5a4b3c2d",
            },
          },
        },
      },
      ...problems("malformed-body", "invalid-fields", "refused-by-model", "bad-key"),
      ...problems("forbidden", "still-running", "too-many-instances", "too-large", "unsupported-media-type"),
      ...problems("key-reused", "too-many-requests", "quota-exceeded", "unexpected", "model-failed"),
      ...problems("no-release", "not-ready", "busy", "timeout", "no-keys", "gateway-timeout"),
    },
  };
}

const idempotencyKey = {
  name: "Idempotency-Key",
  in: "header" as const,
  required: false,
  description:
    "Any text of your choice, such as a UUID. A request that is sent again with the same key and body within 24 hours " +
    "gets the first answer, and counts once for those who are told of the results.",
  schema: { type: "string" as const, minLength: 1, maxLength: 255, pattern: "^[!-~]{1,255}$" },
};

/** What a record of a request is: schema.json's own words, without what only a JSON Schema document has. */
function recordSchema(schema: RecordSchema): SchemaObject {
  const record = requestSchema(schema);
  return { ...record, $schema: undefined, examples: [exampleOf(record)] } as SchemaObject;
}

function predictionSchema(schema: RecordSchema): SchemaObject {
  const { field, unit } = fullTarget(schema);
  if (isClassField(field)) {
    const { type, enum: classes } = field;
    return {
      type: "object",
      description: field.description,
      required: ["value", "probabilities"],
      properties: {
        value: { type, ...(classes ? { enum: classes } : {}), description: "The most probable class." },
        probabilities: {
          type: "object",
          description: "Of every class; together they are 1.",
          additionalProperties: { type: "number", minimum: 0, maximum: 1 },
        },
      },
    } as SchemaObject;
  }
  return {
    type: "object",
    description: field.description,
    required: ["value", "lower", "upper", "unit"],
    properties: {
      value: { type: "number", description: "The most likely value." },
      lower: { type: "number", description: "Where the interval begins that holds most true values." },
      upper: { type: "number", description: "Where that interval ends." },
      unit: { type: "string", const: unit, description: "Of value, lower and upper." },
    },
  };
}

function examplePrediction(schema: RecordSchema) {
  const { field, unit } = fullTarget(schema);
  const [value] = field.examples ?? [];
  if (isClassField(field)) return { value, probabilities: { [String(value)]: 1 } };
  const number = Number(value ?? 1);
  return { value: number, lower: number * 0.75, upper: number * 1.5, unit };
}

function fullTarget(schema: RecordSchema) {
  const { name, unit } = targetOf(schema);
  return { name, unit, field: schema.properties[name]! };
}

/** Whether a target's values are classes rather than numbers. */
export const isClassField = ({ type }: FieldSchema): boolean => [type].flat().includes("string");
