import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

interface Owner {
  pid: number;
  /** Tells a process from a later one with the same id. */
  birth: string;
  command: string;
}

/** What to do while another process holds a lock: give up at once, or wait, until `signal` says not to. */
type WhenHeld = { wait: false } | { wait: true; signal: AbortSignal };

/**
 * Runs `work` while holding the lock file, so that two commands do not do the same thing at once.
 * A lock whose owner has died is taken over.
 * @throws Error that names the command and the process holding the lock, unless it waits for them.
 */
export async function withLock<T>(
  file: string,
  command: string,
  work: () => Promise<T>,
  whenHeld: WhenHeld = { wait: false },
): Promise<T> {
  await acquire(file, command, whenHeld);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** Whether a living process holds the lock. */
export function isLocked(file: string): boolean {
  const owner = readOwner(file);
  return owner !== undefined && isHeld(owner);
}

async function acquire(file: string, command: string, whenHeld: WhenHeld): Promise<void> {
  while (!tryLock(file, command)) {
    const owner = readOwner(file);
    if (owner && isHeld(owner)) {
      if (whenHeld.wait) {
        await sleep(200, undefined, { signal: whenHeld.signal });
        continue;
      }
      throw new Error(
        `'${owner.command}' is already running here (process ${owner.pid}). ` +
          `Wait until it is done, or end it with 'kill ${owner.pid}', then try again.`,
      );
    }
    if (owner) await removeDead(file);
  }
}

/** Removes the lock of a dead owner. Only one process may do so at a time, or it would remove its successor's lock. */
async function removeDead(file: string): Promise<void> {
  const guard = `${file}.takeover`;
  if (tryLock(guard, "takeover")) {
    const owner = readOwner(file);
    if (owner && !isHeld(owner)) rmSync(file, { force: true });
    rmSync(guard, { force: true });
    return;
  }
  const other = readOwner(guard);
  if (other && !isHeld(other)) rmSync(guard, { force: true }); // it died within these three lines
  await sleep(5);
}

/** Makes the lock file, if there is none. A link is made in one step, content included: no lock is without an owner. */
function tryLock(file: string, command: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(
    draft,
    JSON.stringify({ pid: process.pid, birth: birthOf(process.pid), command } satisfies Owner),
  );
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Owner;
  } catch {
    return undefined; // removed meanwhile
  }
}

/** Whether the very process that has made a lock still lives. */
export const isHeld = ({ pid, birth }: Pick<Owner, "pid" | "birth">) =>
  isAlive(pid) && birthOf(pid) === birth;

/** When the process started, in clock ticks since boot (Linux; elsewhere not known, and all are the same). */
export function birthOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""; // starttime of proc(5): field 22, after ")" the 20th
  } catch {
    return "";
  }
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
