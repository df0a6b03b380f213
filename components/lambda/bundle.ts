import * as pulumi from "@pulumi/pulumi";
import standaloneCode from "ajv/dist/standalone";
import { type BuildOptions, buildSync } from "esbuild";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { type RecordSchema, requestSchema } from "../../handlers/shared/schema";
import { createAjv } from "../../handlers/shared/validator";
import { schemaFile, standardProblem } from "../shared/problem";
import { bundleFolder } from "./bundle-cache";

/** Node.js version of the Lambda functions, as esbuild and Lambda spell it. */
export const lambdaRuntime = "nodejs22.x";
// The oldest Node.js that runs the bundles: a laptop's own may be 20.
const target = "node20";
/** Browsers of the last two years. */
const browsers = ["es2022", "chrome123", "firefox128", "safari17.5"];

/**
 * One Lambda handler with all that it imports, as a single minified CommonJS file `index.js`; and, when the handler has a
 * folder `browser`, what it sends to browsers: `browser/main.js` and `browser/main.css`.
 * A handler's `validate.ts` becomes a file of its own, `validate.js`: the code that Ajv makes of the schema, without Ajv.
 * Built from the sources at hand, so that what is deployed is what is checked out; the same sources give the
 * same bytes, so that an unchanged handler is no change in a preview.
 *
 * @param handler name of a folder in `handlers/`.
 * @param problem the folder whose schema the handler has in it.
 */
export function bundle(handler: string, problem: string): pulumi.asset.Archive {
  // A path inside the project: the state is the same wherever the project lies.
  return new pulumi.asset.FileArchive(relative(join(__dirname, "..", ".."), folderOf(handler, problem)));
}

/** The texts in a handler's bundle, by file name. */
export function bundledFiles(handler: string, problem = standardProblem): Record<string, string> {
  const folder = folderOf(handler, problem);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    entries.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [relative(folder, file), readFileSync(file, "utf8")];
    }),
  );
}

const folderOf = (handler: string, problem: string) =>
  bundleFolder(handler, problem, () => buildAll(handler, schemaFile(problem)));

function buildAll(handler: string, schema: string): Record<string, string> {
  const folder = join(__dirname, "..", "..", "handlers", handler);
  const browser = join(folder, "browser");
  const hasValidation = existsSync(join(folder, "validate.ts"));
  return {
    ...build([join(folder, "index.ts")], "", {
      platform: "node",
      target,
      mainFields: ["module", "main"], // ES modules lose what is not used: a third of the bundle
      format: "cjs",
      external: hasValidation ? ["./validate"] : [], // Ajv has files of that name, too
      alias: { "#schema": schema },
    }),
    ...(hasValidation ? { "validate.js": buildValidation(folder, schema) } : {}),
    ...(existsSync(browser)
      ? build([join(browser, "main.ts"), join(browser, "main.css")], "browser/", {
          platform: "browser",
          target: browsers,
          format: "esm",
        })
      : {}),
  };
}

function build(entryPoints: string[], prefix: string, options: BuildOptions): Record<string, string> {
  const { outputFiles } = buildSync({
    ...options,
    entryPoints,
    outdir: "out", // nothing is written: it only gives the files their names
    bundle: true,
    minify: true,
    write: false,
    legalComments: "none",
    logLevel: "silent",
  });
  if (outputFiles.length !== entryPoints.length) throw new Error(`${entryPoints.join()} gave no bundle`);
  return Object.fromEntries(outputFiles.map(({ path, text }) => [`${prefix}${basename(path)}`, text]));
}

/** What stands in the place of a handler's `validate.ts`, which has Ajv compile the same schema when it is loaded. */
function buildValidation(folder: string, schema: string): string {
  const ajv = createAjv();
  const record = JSON.parse(readFileSync(schema, "utf8")) as RecordSchema;
  const code = standaloneCode(ajv, ajv.compile(requestSchema(record)));
  const contents = `${code}\nmodule.exports = { validate: module.exports };`;
  const { outputFiles } = buildSync({
    ...{ stdin: { contents, resolveDir: folder }, platform: "node", target, format: "cjs" },
    ...{ bundle: true, minify: true, write: false, logLevel: "silent" },
  });
  return outputFiles[0]!.text;
}
