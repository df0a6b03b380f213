import openapiTS, { astToString } from "openapi-typescript";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { problemFault, schemaFile, standardProblem } from "../../components/shared/problem";
import { type RecordSchema } from "../../handlers/shared/schema";
import { openApiDocument } from "../../handlers/site/openapi/document";

/** The generated file. */
export const file = join(__dirname, "api.d.ts");

/** The types of a problem's API, made from its OpenAPI document with all that a stack may have. */
export async function generate(problem = standardProblem): Promise<string> {
  const schema = JSON.parse(readFileSync(schemaFile(problem), "utf8")) as RecordSchema;
  const document = JSON.stringify(openApiDocument(schema, { subscriptions: true }));
  const types = astToString(await openapiTS(document));
  const command = problem === standardProblem ? "make clients" : `make clients PROBLEM=${problem}`;
  const head = `// Generated from ${problem}/schema.json by '${command}'. Do not edit.\n\n`;
  return format(head + types, { ...(await resolveConfig(file)), filepath: file });
}

async function main(problem = standardProblem): Promise<void> {
  const fault = problemFault(problem);
  if (fault === undefined) writeFileSync(file, await generate(problem));
  else console.error(`'${problem}' is no problem to solve: ${fault}.`);
  process.exitCode = fault === undefined ? 0 : 1;
}

if (require.main === module) void main(process.argv[2]);
