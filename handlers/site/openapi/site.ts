import { type ResponseObject, type SchemaObject } from "openapi3-ts/oas31";
import { type Feature, type Operation, ref, withoutKey } from "./feature";
import { release } from "./predict";
import { problems } from "./problems";

/** What the API says of itself; no key is needed. */
export const siteFeature = (): Feature => ({
  tag: {
    name: "About",
    description: "What the API is, whether it works, and a page to try it. No key is needed.",
  },
  paths: {
    "/": { get: playground },
    "/health": { get: health },
    "/openapi.json": { get: openApi },
    "/schema": { get: schema },
  },
  schemas: { Health: healthSchema },
});

const etag = {
  description: "Send it as `if-none-match`: the answer is 304, without a body, while nothing has changed.",
  schema: { type: "string" as const },
};

const notModified: Record<string, ResponseObject> = {
  "304": { description: "Nothing has changed since the answer with that ETag." },
};

const common = { tags: ["About"], security: withoutKey };

const playground: Operation = {
  ...common,
  operationId: "getPlayground",
  summary: "The playground",
  description: "A page to ask for predictions with, made from the schema.",
  responses: {
    "200": {
      description: "The page.",
      headers: { etag },
      content: { "text/html": { schema: { type: "string" } } },
    },
    ...notModified,
    ...problems("too-many-requests", "unexpected"),
  },
};

const health: Operation = {
  ...common,
  operationId: "getHealth",
  summary: "Whether predictions can be made",
  description: "Asks SageMaker for the state of the endpoint, every few seconds at most.",
  responses: {
    "200": {
      description: "A release is served.",
      content: {
        "application/json": { schema: ref("Health"), example: { status: "ok", release: "3f9c2a17be04" } },
      },
    },
    ...problems("too-many-requests", "unexpected", "no-release", "not-ready", "health-unknown"),
  },
};

const healthSchema: SchemaObject = {
  type: "object",
  required: ["status", "release"],
  properties: { status: { type: "string", const: "ok" }, release },
};

const document = (type: string, description: string): Record<string, ResponseObject> => ({
  "200": { description, headers: { etag }, content: { [type]: { schema: { type: "object" } } } },
  ...notModified,
  ...problems("too-many-requests", "unexpected"),
});

const openApi: Operation = {
  ...common,
  operationId: "getOpenApi",
  summary: "This document",
  description: "The API as OpenAPI 3.1, for generators of clients, documentation and tests.",
  responses: document("application/json", "The document."),
};

const schema: Operation = {
  ...common,
  operationId: "getSchema",
  summary: "What a record is",
  description:
    "The JSON Schema (2020-12) of the data. A request has its properties with the `x-role` feature and time.",
  responses: document("application/schema+json", "The schema."),
};
