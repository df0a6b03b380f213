import { rmSync } from "node:fs";
import { join } from "node:path";
import { imagesFolder, removeImage } from "../../images";

/** Folder of an image's build context (process executor). Named by the digest, so that it never changes. */
export const folderOf = (home: string, digest: string) => join(imagesFolder(home), digest.replace(":", "-"));

/**
 * Forgets an image of a repository, and its files unless another repository has it, too. One that Docker built stays in
 * the Docker engine, which may share its layers.
 */
export function removeStored(home: string, repository: string, digest: string): void {
  if (removeImage(home, repository, digest)) rmSync(folderOf(home, digest), { recursive: true, force: true });
}
