export { words } from "../activity";

const number = new Intl.NumberFormat("en-US");
const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });

/** A whole number with its thousands apart. */
export const count = (value: number): string => number.format(value);

/** `1 row`, `2 rows`. */
export const counted = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? "" : "s"}`;

/** A measured number. */
export const figure = (value: number): string => significant.format(value);

/** Bytes for people. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, value)) / 10));
  return `${figure(value / 1024 ** power)} ${units[power]}`;
}

/** Milliseconds for people: `12 s`, `3 min`, `2 h`, `4 days`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** How long ago `at` (ISO 8601) was. */
export const ago = (at: string, now: number): string => `${duration(now - Date.parse(at))} ago`;

/** US dollars. */
export const dollars = (amount: number): string =>
  amount.toLocaleString("en-US", { style: "currency", currency: "USD" });
