import {
  type OperationObject,
  type PathItemObject,
  type SchemaObject,
  type SecurityRequirementObject,
} from "openapi3-ts/oas31";
import { type RecordSchema } from "../../shared/schema";

/** A part of the API: what it adds to the OpenAPI document. One file each, beside this one. */
export interface Feature {
  tag: { name: string; description: string };
  paths: Record<string, PathItemObject>;
  schemas?: Record<string, SchemaObject>;
}

/** An operation that the document's checks accept: named, explained and with all its answers. */
export type Operation = OperationObject &
  Required<Pick<OperationObject, "operationId" | "summary" | "description" | "responses">>;

export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Of operations that anybody may call. */
export const withoutKey: SecurityRequirementObject[] = [];

/** Headers by which an answer is found in the logs. */
export const requestIdHeader = {
  "x-request-id": {
    description: "Name it when you ask for help: the answer is found in the logs by it.",
    schema: { type: "string" as const },
  },
};

/** A record with the examples of `schema`, fields without one left out. */
export const exampleOf = (schema: RecordSchema): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(schema.properties).flatMap(([name, { examples = [] }]) =>
      examples.length > 0 ? [[name, examples[0]]] : [],
    ),
  );
