import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildContext, contextDigest } from "../../local/providers/docker/context";
import { imageFolder, schemaFile, standardProblem } from "../../components/shared/problem";
import { projectRoot, readJson } from "../project";

/** All that a model is made of. */
export interface Ingredients {
  /** Hash of the data snapshot. */
  snapshot: string;
  /** `sha256:...` over what goes into the image's build: see `imageSource`. */
  imageSource: string;
  /** `<repository>@sha256:...`; a build of `imageSource`, of which there can be several. */
  imageUri: string;
  /** As SageMaker takes them: all values are strings. */
  hyperparameters: Record<string, string>;
  /** SHA-256 of schema.json, hexadecimal. */
  schema: string;
}

/**
 * Digest of the source of the model image: the files of the build context, the Dockerfile and `base`. Unlike the digest of
 * a built image it is the same on every machine and at any time.
 * @param base what the build starts from.
 */
export const imageSource = (base: string, problem = standardProblem) =>
  contextDigest(buildContext(join(projectRoot, imageFolder(problem))), base);

/** Reads what the working tree contributes. @param base see `imageSource`. */
export function readIngredients(
  snapshot: string,
  imageUri: string,
  base: string,
  problem = standardProblem,
): Ingredients {
  const file = join(projectRoot, imageFolder(problem), "hyperparameters.json");
  const hyperparameters = readJson<Record<string, unknown>>(file);
  return {
    snapshot,
    imageSource: imageSource(base, problem),
    imageUri,
    hyperparameters: Object.fromEntries(
      Object.entries(hyperparameters).map(([name, value]) => [name, String(value)]),
    ),
    schema: schemaDigest(problem),
  };
}

/** SHA-256 of the schema.json that the working tree has for a problem, hexadecimal. */
export const schemaDigest = (problem = standardProblem) =>
  createHash("sha256")
    .update(readFileSync(schemaFile(problem)))
    .digest("hex");

/** The release's id, 12 hexadecimal digits: the same ingredients have the same id. */
export function releaseId(ingredients: Omit<Ingredients, "imageUri">): string {
  const { snapshot, imageSource, hyperparameters, schema } = ingredients;
  const sorted = Object.entries(hyperparameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([snapshot, imageSource, sorted, schema]))
    .digest("hex")
    .slice(0, 12);
}
