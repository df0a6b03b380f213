import openapiTS, { astToString } from "openapi-typescript";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { recordSchema } from "../../handlers/shared/schema";
import { openApiDocument } from "../../handlers/site/openapi/document";

/** The generated file. */
export const file = join(__dirname, "api.d.ts");

/** The API's types, made from its OpenAPI document with all that a stack may have. */
export async function generate(): Promise<string> {
  const document = JSON.stringify(openApiDocument(recordSchema, { subscriptions: true }));
  const types = astToString(await openapiTS(document));
  const head = "// Generated from model-image/schema.json by 'make clients'. Do not edit.\n\n";
  return format(head + types, { ...(await resolveConfig(file)), filepath: file });
}

if (require.main === module) void generate().then((text) => writeFileSync(file, text));
