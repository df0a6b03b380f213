import * as pulumi from "@pulumi/pulumi";
import standaloneCode from "ajv/dist/standalone";
import * as esbuild from "esbuild";
import { dirname, join } from "node:path";
import { recordSchema, requestSchema } from "../handlers/shared/schema";
import { createAjv } from "../handlers/shared/validator";

/** Node.js version of the Lambda functions, as esbuild and Lambda spell it. */
export const lambdaRuntime = "nodejs22.x";
// The oldest Node.js that runs the bundles: a laptop's own may be 20.
const target = "node20";

/** Each handler is built once a process, however many functions or tests use it. */
const bundles = new Map<string, Promise<string>>();

/**
 * One Lambda handler with all that it imports, as a single minified CommonJS file `index.js`.
 * Built from the sources at hand, so that what is deployed is what is checked out; the same sources give the
 * same bytes, so that an unchanged handler is no change in a preview.
 *
 * @param handler name of a folder in `handlers/`.
 */
export async function bundle(handler: string): Promise<pulumi.asset.Archive> {
  return new pulumi.asset.AssetArchive({
    "index.js": new pulumi.asset.StringAsset(await bundleCode(handler)),
  });
}

/** The text of that file. */
export function bundleCode(handler: string): Promise<string> {
  const code = bundles.get(handler) ?? buildBundle(handler);
  bundles.set(handler, code);
  return code;
}

async function buildBundle(handler: string): Promise<string> {
  const result = await esbuild.build({
    entryPoints: [join(__dirname, "..", "handlers", handler, "index.ts")],
    bundle: true,
    minify: true,
    write: false,
    platform: "node",
    target,
    mainFields: ["module", "main"], // ES modules lose what is not used: a third of the bundle
    format: "cjs",
    legalComments: "none",
    logLevel: "silent",
    plugins: [compiledValidation],
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error(`handlers/${handler}/index.ts gave no bundle`);
  return file.text;
}

/** Puts the code that Ajv makes of the schema in the place of the file that has Ajv make it. */
const compiledValidation: esbuild.Plugin = {
  name: "compiled-validation",
  setup(build) {
    build.onLoad({ filter: /[\\/]handlers[\\/]predict[\\/]validate\.ts$/ }, ({ path }) => {
      const ajv = createAjv();
      const code = standaloneCode(ajv, ajv.compile(requestSchema(recordSchema)));
      return {
        contents: `${code}\nmodule.exports = { validate: module.exports };`,
        loader: "js",
        resolveDir: dirname(path),
      };
    });
  },
};
