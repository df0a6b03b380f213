import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { modelImageFolder, readJson } from "../project";

/** All that a model is made of. */
export interface Ingredients {
  /** Hash of the data snapshot. */
  snapshot: string;
  /** `<repository>@sha256:...` */
  imageUri: string;
  /** As SageMaker takes them: all values are strings. */
  hyperparameters: Record<string, string>;
  /** SHA-256 of schema.json, hexadecimal. */
  schema: string;
}

/** Reads what the working tree contributes. */
export function readIngredients(snapshot: string, imageUri: string): Ingredients {
  const hyperparameters = readJson<Record<string, unknown>>(join(modelImageFolder, "hyperparameters.json"));
  return {
    snapshot,
    imageUri,
    hyperparameters: Object.fromEntries(
      Object.entries(hyperparameters).map(([name, value]) => [name, String(value)]),
    ),
    schema: createHash("sha256")
      .update(readFileSync(join(modelImageFolder, "schema.json")))
      .digest("hex"),
  };
}

/** The release's id, 12 hexadecimal digits: the same ingredients have the same id. */
export function releaseId({ snapshot, imageUri, hyperparameters, schema }: Ingredients): string {
  const digest = imageUri.split("@").at(-1);
  const sorted = Object.entries(hyperparameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([snapshot, digest, sorted, schema]))
    .digest("hex")
    .slice(0, 12);
}
