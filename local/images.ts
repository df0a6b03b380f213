import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A container image as the laptop target keeps it: what to run, in which of the two ways. */
export interface LocalImage {
  /** `<registry>/<repository>:<tag>`, as ECR would name it. */
  uri: string;
  /** `sha256:...`: of what went into the image (process) or of the image itself (Docker). */
  digest: string;
  /** Exec-form ENTRYPOINT. */
  entrypoint: string[];
  /** ENV of the image. */
  env: Record<string, string>;
  /** Process executor: the folder that holds the unpacked build context, which is also the working directory. */
  folder?: string;
  /** Docker executor: the reference that `docker run` takes. */
  dockerImage?: string;
}

/** Folder of all images below the laptop target's home. */
export const imagesFolder = (home: string) => join(home, "images");

const indexFile = (home: string) => join(imagesFolder(home), "index.json");

function readIndex(home: string): Record<string, LocalImage> {
  const file = indexFile(home);
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, LocalImage>) : {};
}

function writeIndex(home: string, index: Record<string, LocalImage>): void {
  mkdirSync(imagesFolder(home), { recursive: true });
  const draft = `${indexFile(home)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(index, null, 2));
  renameSync(draft, indexFile(home));
}

/** Both names of an image: by tag (moves with the next build) and by digest (never moves). */
const names = (image: LocalImage) => [image.uri, byDigest(image.uri, image.digest)];

/** `<registry>/<repository>` */
const repositoryOf = (name: string) => name.replace(/@.*$|:[^:/]*$/, "");

/** `<registry>/<repository>@sha256:...` */
export const byDigest = (uri: string, digest: string) => `${repositoryOf(uri)}@${digest}`;

/** Stores what an image URI means on this laptop; a tag that is built again moves to the new image. */
export function saveImage(home: string, image: LocalImage): void {
  writeIndex(home, { ...readIndex(home), ...Object.fromEntries(names(image).map((name) => [name, image])) });
}

/** The image of this URI (`...:tag` or `...@sha256:...`), or undefined when nothing was pushed under it. */
export function findImage(home: string, uri: string): LocalImage | undefined {
  return readIndex(home)[uri];
}

/** The image of this content under whatever name: a registry that has a copy of it needs no second one here. */
export const findContent = (home: string, digest: string): LocalImage | undefined =>
  Object.values(readIndex(home)).find((image) => image.digest === digest);

/** Forgets all names that an image has in a repository. @returns whether it has none left in any other. */
export function removeImage(home: string, repository: string, digest: string): boolean {
  const isGone = ([name, image]: [string, LocalImage]) =>
    image.digest === digest && repositoryOf(name) === repository;
  const kept = Object.entries(readIndex(home)).filter((entry) => !isGone(entry));
  writeIndex(home, Object.fromEntries(kept));
  return !kept.some(([, image]) => image.digest === digest);
}
