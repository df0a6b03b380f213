import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { setTimeout as sleep } from "node:timers/promises";
import { localHome } from "./state";
import { serviceNames } from "./supervisor/services";

const tailBytes = 256 * 1024;
const pollMs = 200;

/** What `slipway local logs` can show: the servers, and the supervisor itself. */
export const logNames = [...serviceNames, "supervisor"] as const;

/** The file that a server's output goes to. @throws Error for a name that is no server's. */
export function logFile(name: string, home = localHome()): string {
  if (!logNames.some((known) => known === name)) {
    throw new Error(`There is no log '${name}'. There are: ${logNames.join(", ")}.`);
  }
  return join(home, "logs", `${name}.log`);
}

/** The last `lines` lines of a log, oldest first (of its last 256 KiB); none when the file is not there. */
export function tail(file: string, lines = 100): string[] {
  return readTail(file, lines).lines;
}

/**
 * Calls `onLine` with the last `lines` lines of a log and then with each new one, until `signal` is aborted. It follows
 * through restarts of the server, and waits for a file that is not there yet.
 */
export async function follow(
  file: string,
  onLine: (line: string) => void,
  options: { lines?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const start = readTail(file, options.lines ?? 100);
  start.lines.forEach(onLine);
  let { inode, position } = start;
  let decoder = new StringDecoder("utf8");
  let begun = "";
  while (!options.signal?.aborted) {
    const chunk = readFrom(file, ({ ino, size }) => (ino === inode && size >= position ? position : 0));
    if (chunk) {
      if (chunk.inode !== inode || chunk.start < position) {
        // the log was rotated or emptied
        decoder = new StringDecoder("utf8");
        begun = "";
      }
      ({ inode } = chunk);
      position = chunk.start + chunk.content.length;
      const complete = (begun + decoder.write(chunk.content)).split("\n");
      begun = complete.pop() ?? "";
      complete.forEach(onLine);
    }
    await sleep(pollMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** The last complete lines, and how far into which file they go. */
function readTail(file: string, lines: number): { lines: string[]; inode: number; position: number } {
  const chunk = readFrom(file, ({ size }) => Math.max(0, size - tailBytes));
  if (!chunk) return { lines: [], inode: 0, position: 0 };
  const end = chunk.content.lastIndexOf("\n") + 1;
  const complete = chunk.content.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
  if (chunk.start > 0) complete.shift(); // its beginning is missing
  return { lines: lines > 0 ? complete.slice(-lines) : [], inode: chunk.inode, position: chunk.start + end };
}

function readFrom(file: string, startOf: (stats: { ino: number; size: number }) => number) {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return undefined; // not there (yet)
  }
  try {
    const { ino, size } = fstatSync(descriptor);
    const start = startOf({ ino, size });
    const content = Buffer.alloc(size - start);
    return {
      inode: ino,
      start,
      content: content.subarray(0, readSync(descriptor, content, 0, content.length, start)),
    };
  } finally {
    closeSync(descriptor);
  }
}
