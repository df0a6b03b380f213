import { duration } from "../handlers/publish/figures";
import { bar, columnsOf } from "./terminal";

/** How far work is that does not say so itself: by how long the last work of its kind took. */
export interface Pace {
  since: Date;
  lastMs: number;
}

const widestBar = 24;
const narrowestBar = 6;

/** For a line of a log: `about 40 % of what the last one took`. */
export function paceWords({ since, lastMs }: Pace, now = Date.now()): string {
  const twentieths = Math.floor((20 * spent(since, now)) / lastMs);
  return twentieths < 20 ? `about ${5 * twentieths} % of what the last one took` : longer(lastMs);
}

/**
 * For a terminal: a bar, and how long it still takes. Work that takes longer than the last one is told in words, for
 * nothing says how long it will be.
 */
export function paceLine(
  { since, lastMs }: Pace,
  now = Date.now(),
  columns = columnsOf(process.stderr),
): string {
  const ms = spent(since, now);
  if (ms >= lastMs) return `  ${longer(lastMs)}`;
  const words = `about ${roughly(lastMs - ms)} left (last one: ${took(lastMs)})`;
  const width = Math.min(widestBar, columns - words.length - 4);
  return width < narrowestBar ? `  ${words}` : `  ${bar(ms / lastMs, width)} ${words}`;
}

const spent = (since: Date, now: number) => Math.max(0, now - since.getTime());

const took = (ms: number) => duration(Math.max(1, ms / 1000));
const longer = (lastMs: number) => `longer than the last one, which took ${took(lastMs)}`;

/** No more exact than the estimate is: 5 s, 40 s, 3 min. */
function roughly(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds <= 10) return duration(seconds);
  return seconds < 120 ? duration(5 * Math.ceil(seconds / 5)) : `${Math.ceil(seconds / 60)} min`;
}
