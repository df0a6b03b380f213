import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/**
 * Runs `work` while holding the lock file, so that two commands do not do the same thing at once.
 * A lock whose owner has died is taken over.
 * @throws Error that names the command and the process holding the lock.
 */
export async function withLock<T>(file: string, command: string, work: () => Promise<T>): Promise<T> {
  acquire(file, command);
  const release = () => rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

function acquire(file: string, command: string): void {
  for (;;) {
    // A link is made in one step, with its content: no reader sees a lock without an owner.
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify({ pid: process.pid, command }));
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const owner = readOwner(file);
    if (owner && isAlive(owner.pid)) {
      throw new Error(
        `'${owner.command}' is already running here (process ${owner.pid}). Wait until it is done, or end it with 'kill ${owner.pid}', then try again.`,
      );
    }
    rmSync(file, { force: true });
  }
}

function readOwner(file: string): { pid: number; command: string } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { pid: number; command: string };
  } catch {
    return undefined; // removed meanwhile
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
