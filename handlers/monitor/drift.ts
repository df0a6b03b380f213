import { type ColumnProfile } from "../shared/profile";
import { populationStabilityIndex } from "../shared/shift";

/**
 * Fewer records give no index. With ten bins chance alone makes it 9 / records on average: of 200 records that is
 * 0.05, passes 0.1 (worth a look) in two of a hundred cases and 0.25 (has changed) in none. Of 50 it would pass 0.25
 * in one of five.
 */
export const fewestRecords = 200;

/** Values that are compared one by one; rarer ones are one bin, so that there are no more bins than of numbers. */
const values = 9;

/** How differently `now` is distributed: the population stability index (docs/releases.md), of at most eleven bins. */
export function driftOf(baseline: ColumnProfile, now: unknown[]): number {
  const before = {
    ...baseline,
    values: baseline.values.slice(0, values).map(([value, rows]) => [nameOf(value, baseline), rows]),
  };
  const known = new Set(before.values.map(([value]) => value));
  const all = profileOf(now, baseline.kind);
  const after = { ...all, values: all.values.filter(([value]) => known.has(value)) };
  return populationStabilityIndex(before as ColumnProfile, after);
}

/** Values as a column of a profile. */
export function profileOf(all: unknown[], kind: ColumnProfile["kind"]): ColumnProfile {
  const known = all.filter((value) => value !== null && value !== undefined && value !== "");
  const rows = new Map<string, number>();
  for (const value of known) {
    const name = nameOf(value, { kind });
    rows.set(name, (rows.get(name) ?? 0) + 1);
  }
  const quantiles = kind === "number" ? known.map(Number).sort((a, b) => a - b) : [];
  return {
    ...{ kind, unit: "", count: known.length, missing: all.length - known.length, distinct: rows.size },
    values: [...rows].sort(([, a], [, b]) => b - a),
    ...(quantiles.length > 0 ? { quantiles } : {}),
  };
}

/** `7`, be it 7, "7.0" or "7". */
const nameOf = (value: unknown, { kind }: Pick<ColumnProfile, "kind">): string =>
  String(kind === "number" ? Number(value) : value);
