import { rmSync } from "node:fs";
import { join } from "node:path";
import { imagesFolder, removeImage } from "../../images";

/** Folder of an image's build context (process executor). Named by the digest, so that it never changes. */
export const folderOf = (home: string, digest: string) => join(imagesFolder(home), digest.replace(":", "-"));

/** Forgets an image and its files. One that Docker built stays in the Docker engine, which may share its layers. */
export function removeStored(home: string, digest: string): void {
  removeImage(home, digest);
  rmSync(folderOf(home, digest), { recursive: true, force: true });
}
