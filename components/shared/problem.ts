import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/**
 * A problem is a folder of the project, named from its root, with a `schema.json` and a `slipway_model/features.py`: what
 * is predicted, and from what. This one is that of the stacks that name no other.
 */
export const standardProblem = "model-image";

const root = join(__dirname, "..", "..");
const needed = ["schema.json", "slipway_model/features.py"];
/** What of a problem's folder takes the place of the container's own, when it is there. */
const replaceable = [
  "schema.json",
  "hyperparameters.json",
  "requirements.txt",
  "Dockerfile",
  "slipway_model",
];

/** What a record is, to this problem. */
export const schemaFile = (problem: string): string => join(root, problem, "schema.json");

/** Why `problem` is none, as the end of a sentence, with the fix; undefined when it is one. */
export function problemFault(problem: string): string | undefined {
  const inside = relative(root, resolve(root, problem)).split(sep).join("/");
  if (inside.startsWith("..") || resolve(inside) === inside) {
    return "it is outside the project. Copy it into the project's folder: a release names the commit that it is made of";
  }
  if (inside !== problem) return `name it from the project's folder, as '${inside || standardProblem}'`;
  if (!existsSync(join(root, problem))) {
    return `there is no folder ${problem} in the project. Name one that is there, such as examples/flights`;
  }
  const missing = needed.find((file) => !existsSync(join(root, problem, file)));
  return missing && `${problem} has no ${missing}. Put one there: examples/flights shows what is in it`;
}

/**
 * The folder that a problem's container is built from, named from the project's root: the container's own, or a copy of it
 * in which the problem's files have the places of those of their names. Only what has changed is written again.
 */
export function imageFolder(problem: string): string {
  if (problem === standardProblem) return problem;
  const folder = join(".slipway", "model-image", problem.replaceAll("/", "-"));
  const files = new Map([
    ...filesOf(standardProblem).map((file) => [file, standardProblem] as const),
    ...filesOf(problem)
      .filter((file) => replaceable.includes(file.split("/")[0]!))
      .map((file) => [file, problem] as const),
  ]);
  const draft = join(root, `${folder}.${process.pid}`);
  for (const [file, from] of files) copy(join(root, from, file), join(root, folder, file), draft);
  for (const file of filesOf(folder)) if (!files.has(file)) rmSync(join(root, folder, file));
  return folder;
}

/** What running and testing leave behind, and what only tests need. */
const leftOut = /(^|\/)(tests|__pycache__|\.hypothesis|\.[a-z]+_cache)\//;

/** Files of a folder, as paths below it with `/`. */
function filesOf(folder: string): string[] {
  const path = join(root, folder);
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !leftOut.test(file));
}

/** In one step, as another command may read it. @param draft a name in the same file system for a moment. */
function copy(from: string, to: string, draft: string): void {
  if (existsSync(to) && isSame(from, to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, draft);
  renameSync(draft, to);
}

const isSame = (one: string, other: string) =>
  statSync(one).mode === statSync(other).mode && readFileSync(one).equals(readFileSync(other));
