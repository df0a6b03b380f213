import { recordSchema } from "../shared/schema";

const wholeFigures = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const twoDecimals = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const threeDigits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/** `value` as a person reads it: 1,234.50, or 0.00123 when two decimals would not show it. */
export const figure = (value: number): string =>
  value === 0 || Math.abs(value) >= 0.1 ? twoDecimals.format(value) : threeDigits.format(value);

/** A count as a person reads it: 6,433. */
export const whole = (count: number): string => wholeFigures.format(count);

/** A share as a person reads it: 98 %, 3.3 %. */
export const percent = (share: number): string =>
  `${new Intl.NumberFormat("en-US", { maximumSignificantDigits: 2 }).format(100 * share)} %`;

/** A count with its noun: 1 record, 6,433 records. */
export const counted = (count: number, noun: string): string =>
  `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;

/** 42 s, or 3 min 20 s. */
export function duration(seconds: number): string {
  const rounded = Math.round(seconds);
  return rounded < 120 ? `${rounded} s` : `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
}

/** An ISO 8601 time as 2026-11-24 08:00:01 UTC. */
export const moment = (time: string): string =>
  `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** One record in a line: `pickup 2019-03-23 20:21:09, distance 1.6 miles, color yellow`; what is null is left out. */
export const record = (input: Record<string, unknown>): string =>
  Object.entries(input)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${shown(value)}${unitOf(name)}`)
    .join(", ");

const maxCharacters = 100;

function shown(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}...` : text;
}

// Only what is measured needs its unit: a count has it in its name, a category has none.
function unitOf(name: string): string {
  const field = recordSchema.properties[name];
  const unit = field?.["x-unit"];
  return unit && [field?.type].flat().includes("number") ? ` ${unit}` : "";
}
