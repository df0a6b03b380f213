import { type SchemaObject } from "openapi3-ts/oas31";
import { type Feature, type Operation, ref, requestIdHeader } from "./feature";
import { release } from "./predict";
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

const exampleId = "0b5c7a2e-5d0e-4c39-8f43-2f1f6f0f5a10";
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
        "The batch waits for its file: send it with `upload.method` to `upload.url`, with `upload.headers`.",
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
            upload: {
              method: "PUT",
              url: "https://example.com/upload",
              headers: { "content-type": "text/csv" },
              expires: "2026-03-23T21:21:09.000Z",
            },
          },
        },
      },
    },
    ...problems("malformed-body", "invalid-fields", "forbidden", "too-large", "unsupported-media-type"),
    ...problems("too-many-requests", "quota-exceeded", "unexpected", "gateway-timeout"),
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
            created,
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
  required: ["id", "status", "created"],
  properties: {
    id: { type: "string" },
    status: {
      type: "string",
      enum: ["awaiting-upload", "queued", "running", "completed", "failed", "expired"],
      description: "`expired`: the file did not come in time.",
    },
    created: time,
    upload: {
      type: "object",
      description: "How to send the file, while it is awaited.",
      required: ["method", "url", "headers", "expires"],
      properties: {
        method: { type: "string", enum: ["PUT"] },
        url: { type: "string", format: "uri" },
        headers: { type: "object", additionalProperties: { type: "string" } },
        expires: time,
      },
    },
    progress: {
      type: "object",
      description: "Records in the file, and those that are done.",
      required: ["rows", "done"],
      properties: { rows: { type: "integer", minimum: 0 }, done: { type: "integer", minimum: 0 } },
    },
    release,
    target: { type: "string", description: "What is predicted." },
    unit: { type: "string", description: "Of what is predicted." },
    reason: { type: "string", description: "Why the batch has failed, and what to do next." },
    download: link("The predictions, when the batch is completed.", { expires: time }),
    rejected: link("The rows that were refused, with their reasons.", {
      rows: { type: "integer", minimum: 0 },
    }),
  },
};
