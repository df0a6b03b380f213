import openapiTS, { astToString } from "openapi-typescript";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { errorLine } from "../../automation/errors";
import { requireProblem } from "../../automation/problem";
import { readSchema } from "../../automation/project";
import { standardProblem } from "../../components/shared/problem";
import { openApiDocument } from "../../handlers/site/openapi/document";

/** The generated file. */
export const file = join(__dirname, "api.d.ts");

/** The types of a problem's API, made from its OpenAPI document with all that a stack may have. */
export async function generate(problem = standardProblem): Promise<string> {
  const document = JSON.stringify(openApiDocument(readSchema(problem), { subscriptions: true }));
  const types = astToString(await openapiTS(document));
  const command = problem === standardProblem ? "make clients" : `make clients PROBLEM=${problem}`;
  const head = `// Generated from ${problem}/schema.json by '${command}'. Do not edit.\n\n`;
  return format(head + types, { ...(await resolveConfig(file)), filepath: file });
}

const main = async (given = standardProblem) => writeFileSync(file, await generate(requireProblem(given)));

if (require.main === module)
  main(process.argv[2]).catch((error: unknown) => {
    console.error(errorLine(error));
    process.exitCode = 1;
  });
