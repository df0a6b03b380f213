import { existsSync, type FSWatcher, readdirSync, watch } from "node:fs";
import { join } from "node:path";
import { localHome } from "./state";

/** The folders in which each server keeps what it has acknowledged. */
const folders = {
  sagemaker: (home: string) => subfolders(join(home, "sagemaker", "state")),
  cloud: (home: string) => [join(home, "cloud", "state"), join(home, "cloud", "state", "journal")],
  inbox: (home: string) => [join(home, "inbox")],
};

/**
 * Calls back when a server of the laptop has changed something, without asking it.
 * @returns ends it.
 */
export function watchLaptop(
  changed: Record<keyof typeof folders, () => void>,
  home = localHome(),
): () => void {
  const watchers: FSWatcher[] = [];
  for (const [server, list] of Object.entries(folders))
    for (const folder of list(home).filter((each) => existsSync(each))) {
      const watcher = watch(folder, changed[server as keyof typeof folders]);
      watcher.on("error", () => watcher.close()); // the folder is gone: 'slipway local reset'
      watchers.push(watcher);
    }
  return () => watchers.forEach((watcher) => watcher.close());
}

const subfolders = (folder: string) =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
