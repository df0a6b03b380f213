import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { parseDocument } from "yaml";
import { imageFolder, problemFault, schemaFile, standardProblem } from "../components/shared/problem";
import { venvPython } from "../local/supervisor/services";
import { UserError } from "./errors";
import { projectRoot, readJson } from "./project";
import { run } from "./run";
import { readStackConfig, stackFile } from "./stack-config";

const setting = "slipway:problem";
/** One word, so that no stack's names begin with another's; AWS takes no longer ones in the names of jobs. */
const stackNames = /^[a-z][a-z0-9]{1,10}$/;
const taken = ["dev", "main", "local", "pr"];

/**
 * The laptop's stack for a problem: `flights` for `examples/flights`. A new one gets the settings of `local`, in a file of its
 * own: a stack's bucket, releases and API are all of one problem, so that of `local` stays as it is.
 * @throws UserError when there is no such problem, or another one has the stack.
 */
export async function stackFor(given: string): Promise<string> {
  const problem = requireProblem(given);
  const fault = await containerFault(problem);
  if (fault !== undefined) throw noProblem(given, fault);
  if (problem === standardProblem) return "local";
  const stack = nameOf(problem);
  const file = stackFile(stack);
  if (!existsSync(file)) writeFileSync(file, settingsFor(problem));
  const known = readStackConfig(stack)[setting];
  if (known === problem) return stack;
  throw new UserError(
    `The stack '${stack}' is that of another problem, ${String(known)} (${relative(process.cwd(), file)}). Rename the folder ` +
      `${problem}, or let the stack go with 'npx slipway destroy ${stack}' and delete its file; then try again.`,
  );
}

/** A problem by its folder's name from the project's root. @throws UserError when there is no such problem. */
export function requireProblem(given: string): string {
  const problem = given.replace(/^\.\//, "").replace(/\/+$/, "");
  const fault = problemFault(problem);
  if (fault !== undefined) throw noProblem(given, fault);
  return problem;
}

const noProblem = (given: string, fault: string) =>
  new UserError(`'${given}' is no problem to solve: ${fault}.`);

/** The problem that a folder is, named from where the user is; undefined for another folder, and what is none. */
export function problemAt(folder: string): string | undefined {
  const problem = relative(projectRoot, resolve(folder)).split(sep).join("/");
  return problemFault(problem) === undefined ? problem : undefined;
}

function nameOf(problem: string): string {
  const name = basename(problem);
  if (stackNames.test(name) && !taken.includes(name)) return name;
  throw new UserError(
    `The folder ${problem} cannot give its name to a stack: that takes 2 to 11 small letters and digits, and not ` +
      `${taken.join(", ")}. Rename the folder, then try again.`,
  );
}

function settingsFor(problem: string): string {
  const settings = parseDocument(readFileSync(stackFile("local"), "utf8"));
  settings.setIn(["config", setting], problem);
  settings.commentBefore = ` The laptop's stack for ${problem}: made from Pulumi.local.yaml, and yours to change.`;
  return settings.toString();
}

/** Why the container cannot work with a problem's schema and features, in its own words: the end of a sentence. */
async function containerFault(problem: string): Promise<string | undefined> {
  readJson(schemaFile(problem));
  const cwd = join(projectRoot, imageFolder(problem));
  const { code, stderr } = await run(venvPython, ["-B", "-c", "from slipway_model import schema, features"], {
    cwd,
  });
  if (code === 0) return undefined;
  const [, file, line] = [...stderr.matchAll(/(\w+\.py)", line (\d+)/g)].at(-1) ?? [];
  const [said = ""] = stderr.trim().split("\n").slice(-1);
  const inSchema = /SchemaError: (.*)/.exec(said)?.[1];
  const what = inSchema ?? `${file}, line ${line}: ${said}`;
  return `${what} (in ${problem}). Put it right; model-image/README.md says what can be in schema.json and features.py`;
}
