import { type OpenAPIObject, type PathsObject, type SchemaObject } from "openapi3-ts/oas31";
import { type RecordSchema, targetOf } from "../../shared/schema";
import { batchesFeature } from "./batches";
import { type Feature } from "./feature";
import { predictFeature } from "./predict";
import { problemSchema } from "./problems";
import { siteFeature } from "./site";
import { subscriptionsFeature } from "./subscriptions";

type Schemas = Record<string, SchemaObject>;

export interface DocumentOptions {
  /** Whether the stack lets the public subscribe. */
  subscriptions: boolean;
}

/** The API as an OpenAPI 3.1 document, made from `schema`. */
export function openApiDocument(schema: RecordSchema, { subscriptions }: DocumentOptions): OpenAPIObject {
  const features: Feature[] = [
    predictFeature(schema),
    batchesFeature(),
    ...(subscriptions ? [subscriptionsFeature()] : []),
    siteFeature(),
  ];
  return {
    openapi: "3.1.0",
    info: { title: titleOf(schema), version: "1", description: description(schema) },
    // Relative to this document's own address: right under every stage and domain.
    servers: [{ url: ".", description: "Where this document comes from." }],
    security: [{ apiKey: [] }],
    tags: features.map(({ tag }) => tag),
    paths: Object.assign({}, ...features.map(({ paths }) => paths)) as PathsObject,
    components: {
      securitySchemes: {
        apiKey: {
          type: "apiKey",
          in: "header",
          name: "x-api-key",
          description: "Ask the team that runs this API for a key.",
        },
      },
      schemas: Object.assign(
        { Problem: problemSchema },
        ...features.map(({ schemas }) => schemas),
      ) as Schemas,
    },
  };
}

/** What the API is called: `Taxi trip: fare`. */
export const titleOf = (schema: RecordSchema): string => `${schema.title}: ${targetOf(schema).name}`;

function description(schema: RecordSchema): string {
  const { name, unit } = targetOf(schema);
  const field = schema.properties[name];
  return [
    `Predicts **${name}**${unit ? ` in ${unit}` : ""}: ${field?.description ?? ""}`,
    schema.description,
    "Errors are problem documents (RFC 9457), which name field, value and rule when a field is to blame. " +
      "Answers carry a request id, by which the team finds them in the logs.",
  ].join("\n\n");
}
