import { once } from "node:events";
import { connect } from "node:net";
import { hostname } from "node:os";
import { isAlive } from "../../local/supervisor/lock";
import { run } from "../run";

/** How the CLI names who holds a stack's lock: `created by ana@laptop (pid 4711) at 2026-11-29T08:00:24Z`. */
const holders = /created by .*@(?<host>.+) \(pid (?<pid>\d+)\)/g;

/** The process ids of those who hold the locks that an error of the CLI tells of, if all of them are of this machine. */
function holdersHere(message: string): number[] {
  const found = [...message.matchAll(holders)].map(({ groups }) => groups as { host: string; pid: string });
  return found.every(({ host }) => host === hostname()) ? found.map(({ pid }) => Number(pid)) : [];
}

/**
 * Ends the engines that hold a stack's locks when they are of commands that were killed: such an engine finishes what it has
 * begun and gives its lock back, but at times it hangs instead, as there is nobody to tell its events to.
 * @param patience whether those that still run may go on, for now.
 * @returns whether nobody is left who holds a lock; the locks themselves are still there (`pulumi cancel`).
 */
export async function endAbandoned(message: string, patience: boolean): Promise<boolean> {
  const pids = holdersHere(message);
  for (const pid of pids) {
    const { stdout: command } = await run("ps", ["-o", "args=", "-p", String(pid)]);
    if (!/\bpulumi\b/.test(command)) continue; // it has ended, and another process may have its number
    if (patience || !(await isOrphan(command))) return false;
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  }
  return pids.length > 0;
}

/** Whether the process with the program that an engine runs is gone. */
async function isOrphan(command: string): Promise<boolean> {
  const port = /--client=127\.0\.0\.1:(\d+)/.exec(command)?.[1];
  if (!port) return false; // the program is a child of the engine
  const socket = connect(Number(port), "127.0.0.1");
  try {
    await once(socket, "connect");
    return false;
  } catch {
    return true;
  } finally {
    socket.destroy();
  }
}
