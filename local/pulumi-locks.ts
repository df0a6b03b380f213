import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { isAlive } from "./supervisor/lock";

/**
 * Removes the locks that Pulumi commands of this machine left in the laptop's state when they were killed; in a backend
 * that is shared, only people can say that a lock is dead.
 */
export function removeDeadLocks(backend: string): void {
  const locks = join(backend, ".pulumi", "locks");
  if (!existsSync(locks)) return;
  for (const name of readdirSync(locks, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".json")) continue;
    const file = join(locks, name);
    const owner = JSON.parse(readFileSync(file, "utf8")) as { pid: number; hostname: string };
    if (owner.hostname !== hostname() || isAlive(owner.pid)) continue;
    rmSync(file, { force: true });
    rmSync(`${file}.attrs`, { force: true });
  }
}
