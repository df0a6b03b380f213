import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { schemaFile } from "../shared/problem";

const root = join(__dirname, "..", "..");
const cache = join(root, "node_modules", ".cache", "slipway-handlers");
/** What the bundles are made of; the lock file stands for all packages. */
const sources = (problem: string) => [
  "handlers",
  relative(root, schemaFile(problem)),
  "components/lambda/bundle.ts",
  "package-lock.json",
];
const unusedMs = 24 * 3600 * 1000;

/**
 * The folder of a handler's bundle, which is built only when a source has changed since a command built it last:
 * building all of them takes seconds of each command that looks at a stack.
 * @param problem whose schema is in it.
 * @param build makes the bundle: texts by file name.
 */
export function bundleFolder(handler: string, problem: string, build: () => Record<string, string>): string {
  const generation = join(cache, fingerprint(problem));
  const folder = join(generation, handler);
  if (!existsSync(folder)) {
    removeUnused();
    mkdirSync(generation, { recursive: true });
    const draft = mkdtempSync(join(generation, `.${handler}-`));
    for (const [name, text] of Object.entries(build())) {
      mkdirSync(dirname(join(draft, name)), { recursive: true });
      writeFileSync(join(draft, name), text);
    }
    moveTo(folder, draft);
  }
  utimesSync(generation, new Date(), new Date());
  return folder;
}

/** In one step: another command may build the same, or be killed. */
function moveTo(folder: string, draft: string): void {
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(folder)) throw error;
  }
}

function removeUnused(): void {
  if (!existsSync(cache)) return;
  for (const name of readdirSync(cache)) {
    const generation = join(cache, name);
    if (Date.now() - statSync(generation).mtimeMs > unusedMs)
      rmSync(generation, { recursive: true, force: true });
  }
}

const known = new Map<string, string>();

/** A name that changes when a source does; taken once a process, so that all bundles of a stack are of one state. */
function fingerprint(problem: string): string {
  const taken = known.get(problem) ?? digest(problem);
  known.set(problem, taken);
  return taken;
}

const digest = (problem: string) =>
  sources(problem)
    .flatMap((source) => filesAt(source).sort())
    .reduce(
      (hash, file) => hash.update(`${file}\n`).update(readFileSync(join(root, file))),
      createHash("sha256"),
    )
    .digest("hex")
    .slice(0, 16);

function filesAt(source: string): string[] {
  if (statSync(join(root, source)).isFile()) return [source];
  return readdirSync(join(root, source), { withFileTypes: true }).flatMap((entry) =>
    filesAt(`${source}/${entry.name}`),
  );
}
