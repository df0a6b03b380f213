import { type SchemaObject } from "openapi3-ts/oas31";
import { type Feature, type Operation, ref, requestIdHeader } from "./feature";
import { problems } from "./problems";

/** `POST /batches` and `GET /batches/{id}`. */
export const batchesFeature = (): Feature => ({
  tag: {
    name: "Batches",
    description: "A file of records, answered as a file, for more than fit in a request.",
  },
  paths: {
    "/batches": { post: create },
    "/batches/{id}": { get: read },
  },
  schemas: { BatchRequest: batchRequest, Batch: batch },
});

const exampleId = "5d0e4c398f432f1f6f0f5a10";
const created = "2026-03-23T20:21:09.000Z";

const create: Operation = {
  tags: ["Batches"],
  operationId: "createBatch",
  summary: "Begin a batch",
  description:
    "Answers where to upload the file of records. The batch starts by itself when the upload is complete; ask " +
    "`GET /batches/{id}` how far it is.",
  requestBody: {
    required: true,
    content: { "application/json": { schema: ref("BatchRequest"), example: { format: "csv" } } },
  },
  responses: {
    "201": {
      description:
        "The batch waits for its file: send a form (multipart/form-data) to `upload.url`: all of `upload.fields`, then the file as `file`.",
      headers: {
        ...requestIdHeader,
        location: {
          description: "Where the batch is found, relative to this address.",
          schema: { type: "string", format: "uri-reference" },
        },
      },
      content: {
        "application/json": {
          schema: ref("Batch"),
          example: {
            id: exampleId,
            status: "awaiting-upload",
            created,
            format: "csv",
            kept: "2026-03-30T20:21:09.000Z",
            progress: { rows: null, done: 0 },
            release: null,
            target: "value",
            unit: "units",
            upload: {
              method: "POST",
              url: "https://example.com/",
              fields: { key: `batches/inputs/${exampleId}.csv`, Policy: "..." },
              expires: "2026-03-23T21:21:09.000Z",
              maxBytes: 500_000_000,
            },
          },
        },
      },
    },
    ...problems("malformed-body", "invalid-fields", "forbidden", "too-large", "unsupported-media-type"),
    ...problems("too-many-requests", "quota-exceeded", "unexpected", "no-release", "gateway-timeout"),
  },
};

const read: Operation = {
  tags: ["Batches"],
  operationId: "getBatch",
  summary: "Ask how far a batch is",
  description:
    "A completed batch has a link to its predictions, and one to the rows that were refused, with reasons.",
  parameters: [
    { name: "id", in: "path", required: true, description: "Of the batch.", schema: { type: "string" } },
  ],
  responses: {
    "200": {
      description: "The batch as it is now.",
      headers: requestIdHeader,
      content: {
        "application/json": {
          schema: ref("Batch"),
          example: {
            id: exampleId,
            status: "completed",
            format: "csv",
            created,
            kept: "2026-03-30T20:21:09.000Z",
            target: "value",
            unit: "units",
            progress: { rows: 6433, done: 6433 },
            release: "3f9c2a17be04",
            download: { url: "https://example.com/download", expires: "2026-03-23T21:21:09.000Z" },
          },
        },
      },
    },
    ...problems(
      "forbidden",
      "unknown-batch",
      "too-many-requests",
      "quota-exceeded",
      "unexpected",
      "gateway-timeout",
    ),
  },
};

const batchRequest: SchemaObject = {
  type: "object",
  additionalProperties: false,
  required: ["format"],
  properties: {
    format: {
      type: "string",
      enum: ["csv", "jsonl"],
      description: "Of the file: CSV with a header, or one JSON record a line.",
    },
  },
};

const link = (description: string, more: Record<string, SchemaObject> = {}): SchemaObject => ({
  type: "object",
  description,
  required: ["url"],
  properties: {
    url: { type: "string", format: "uri", description: "Holds its own permission: keep it to yourself." },
    ...more,
  },
});

const time: SchemaObject = { type: "string", format: "date-time" };

const batch: SchemaObject = {
  type: "object",
  required: ["id", "status", "format", "created", "kept", "progress", "release", "target", "unit"],
  properties: {
    id: { type: "string", pattern: "^[0-9a-f]{24}$" },
    format: { type: "string", enum: ["csv", "jsonl"], description: "Of the upload and of the predictions." },
    kept: { type: "string", format: "date-time", description: "Until when all of the batch is kept." },
    status: {
      type: "string",
      enum: ["awaiting-upload", "queued", "running", "completed", "failed", "expired"],
      description: "`expired`: the file did not come in time.",
    },
    created: time,
    upload: {
      type: "object",
      description: "How to send the file, while it is awaited.",
      required: ["method", "url", "fields", "expires", "maxBytes"],
      properties: {
        method: { type: "string", enum: ["POST"] },
        url: { type: "string", format: "uri" },
        fields: {
          type: "object",
          description: "The form's fields, before the file, which is the last one and named `file`.",
          additionalProperties: { type: "string" },
        },
        expires: time,
        maxBytes: { type: "integer", description: "Size of the file at most.", minimum: 1 },
      },
    },
    progress: {
      type: "object",
      description: "Records in the file, and those that are done.",
      required: ["rows", "done"],
      properties: {
        rows: { type: ["integer", "null"], description: "Null until the file was read.", minimum: 0 },
        done: { type: "integer", minimum: 0 },
      },
    },
    release: { type: ["string", "null"], description: "That predicts; null until it is known." },
    target: { type: "string", description: "What is predicted." },
    unit: { type: "string", description: "Of what is predicted." },
    reason: { type: "string", description: "Why the batch has failed, and what to do next." },
    download: link("The predictions, when the batch is completed.", { expires: time }),
    rejected: link("The rows that were refused, with their reasons.", {
      rows: { type: "integer", minimum: 1 },
      expires: time,
    }),
  },
};
