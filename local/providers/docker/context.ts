import dockerignore from "@balena/dockerignore";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** A folder to build an image from, and the Dockerfile that says how. */
export interface BuildContext {
  folder: string;
  dockerfile: string;
}

/** @throws Error when the folder or the Dockerfile is not there. */
export function buildContext(context = ".", dockerfile?: string): BuildContext {
  const folder = resolve(context);
  const file = dockerfile ? resolve(dockerfile) : join(folder, "Dockerfile");
  if (!existsSync(file)) {
    const below =
      dockerfile && existsSync(join(folder, dockerfile)) ? ` Did you mean ${join(context, dockerfile)}?` : "";
    throw new Error(`There is no Dockerfile at ${dockerfile ?? join(context, "Dockerfile")}.${below}`);
  }
  return { folder, dockerfile: file };
}

/** Files of the context, as paths below it with `/`, sorted; without what `.dockerignore` leaves out. */
export function contextFiles({ folder, dockerfile }: BuildContext): string[] {
  // A file named after the Dockerfile goes before the general one, as in Docker.
  const ignoreFile = [`${dockerfile}.dockerignore`, join(folder, ".dockerignore")].find(existsSync);
  const ignore = dockerignore();
  if (ignoreFile) ignore.add(readFileSync(ignoreFile, "utf8"));
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
  return ignore.filter(all).sort();
}

/**
 * `sha256:...` over the sorted paths and contents of the files, whether they can be executed (as git keeps it: the rest of
 * a mode is the machine's), and over what else makes the image what it is.
 */
export function digestOf(folder: string, files: string[], more: unknown): string {
  const hash = createHash("sha256");
  for (const file of files) {
    const path = join(folder, file);
    const info = lstatSync(path);
    const content = info.isSymbolicLink() ? readlinkSync(path) : readFileSync(path);
    const mode = info.isSymbolicLink() ? "link" : info.mode & 0o100 ? "executable" : "file";
    hash.update(`${file}\0${mode}\0${Buffer.byteLength(content)}\0`).update(content);
  }
  return `sha256:${hash.update(JSON.stringify(more)).digest("hex")}`;
}

/** The digest that says whether an image has to be built again (the real provider's `contextDigest`). */
export function contextDigest(context: BuildContext, howToBuild: unknown): string {
  const dockerfile = readFileSync(context.dockerfile, "utf8");
  return digestOf(context.folder, contextFiles(context), [dockerfile, howToBuild]);
}

/** Copies the files in one step: a copy that was interrupted is never taken for a whole one. */
export function copyFiles(folder: string, files: string[], target: string): void {
  if (existsSync(target)) return; // named by its digest: the same contents
  const draft = `${target}.${process.pid}`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  for (const file of files) {
    const copy = join(draft, file);
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(join(folder, file), copy, { verbatimSymlinks: true });
    if (!lstatSync(copy).isSymbolicLink()) chmodSync(copy, lstatSync(join(folder, file)).mode);
  }
  renameSync(draft, target);
}
