import * as pulumi from "@pulumi/pulumi";
import { buildSync } from "esbuild";
import { join } from "node:path";

/** Node.js version of the Lambda functions, as esbuild and Lambda spell it. */
export const lambdaRuntime = "nodejs22.x";
// The oldest Node.js that runs the bundles: a laptop's own may be 20.
const target = "node20";

/** Each handler is built once a process, however many functions or tests use it. */
const bundles = new Map<string, string>();

/**
 * One Lambda handler with all that it imports, as a single minified CommonJS file `index.js`.
 * Built from the sources at hand, so that what is deployed is what is checked out; the same sources give the
 * same bytes, so that an unchanged handler is no change in a preview.
 *
 * @param handler name of a folder in `handlers/`.
 */
export function bundle(handler: string): pulumi.asset.Archive {
  const code = bundles.get(handler) ?? build(handler);
  bundles.set(handler, code);
  return new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(code) });
}

function build(handler: string): string {
  const result = buildSync({
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
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error(`handlers/${handler}/index.ts gave no bundle`);
  return file.text;
}
