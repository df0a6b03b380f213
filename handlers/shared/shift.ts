import { type ColumnProfile, type Profile } from "./profile";

/** How differently a column is distributed in two snapshots. */
export interface Shift {
  column: string;
  /** Population stability index: 0 for the same distribution; from 0.1 it is worth a look, from 0.25 it has changed. */
  index: number;
}

/** Population stability indices from which a column is worth a look, and from which it has changed (Siddiqi, 2006). */
export const [worthALook, hasChanged] = [0.1, 0.25];

/** What a population stability index says, as it is shown (0.10); nothing where there is nothing to say. */
export function shiftWords(index: number): string {
  const shown = Number(index.toFixed(2));
  return shown >= hasChanged ? "has changed" : shown >= worthALook ? "worth a look" : "";
}

/** A column of two snapshots. */
export interface ColumnShift extends Shift {
  bins: BinShare[];
}

/** Every column with its bins, the one that has shifted most first. */
export function columnShifts(before: Profile, after: Profile): ColumnShift[] {
  return shifts(before, after).flatMap((shift) => {
    const [was, is] = [before, after].map(({ columns }) => columns[shift.column]);
    return was && is ? [{ ...shift, bins: sharesOf(was, is) }] : [];
  });
}

const bins = 10;
/** Up to so many different values are compared one by one; more numbers are put into bins. */
const fewValues = 30;
/** Stands for a share of 0, which has no logarithm. */
const leastShare = 1e-4;

/** The shift of each column from `before` to `after`, greatest first. */
export function shifts(before: Profile, after: Profile): Shift[] {
  return Object.entries(after.columns)
    .map(([column, profile]) => ({
      column,
      index: populationStabilityIndex(before.columns[column], profile),
    }))
    .sort((a, b) => b.index - a.index);
}

/**
 * Sum over the bins of (share after - share before) * ln(share after / share before).
 * Siddiqi, Credit Risk Scorecards (2006).
 */
export function populationStabilityIndex(before: ColumnProfile | undefined, after: ColumnProfile): number {
  if (!before || rowsOf(before) === 0) return rowsOf(after) === 0 ? 0 : Infinity;
  return sharesOf(before, after).reduce((sum, bin) => {
    const [was, is] = [Math.max(bin.was, leastShare), Math.max(bin.is, leastShare)];
    return sum + (is - was) * Math.log(is / was);
  }, 0);
}

/** The share of rows that fell into a bin before, and that does now. */
export interface BinShare {
  /** A value, a range of numbers, `missing` or `other`. */
  bin: string;
  was: number;
  is: number;
}

/**
 * The rows of two snapshots by bins of a column: the deciles of `before`, or the values themselves when there are few or they
 * are no numbers. Shares of numbers are known to a thousandth (`quantiles`).
 */
export function sharesOf(before: ColumnProfile, after: ColumnProfile): BinShare[] {
  const isBinned = before.quantiles && after.quantiles && before.distinct > fewValues;
  const bins = isBinned ? decileShares(before, after) : valueShares(before, after);
  const missing = (profile: ColumnProfile) => profile.missing / rowsOf(profile);
  return [...bins, { bin: "missing", was: missing(before), is: missing(after) }];
}

const rowsOf = ({ count, missing }: ColumnProfile) => count + missing;

function valueShares(before: ColumnProfile, after: ColumnProfile): BinShare[] {
  const [was, is] = [before, after].map((profile) => {
    const shares = new Map(profile.values.map(([value, rows]) => [value, rows / rowsOf(profile)]));
    const named = profile.values.reduce((sum, [, rows]) => sum + rows, 0);
    return { shares, other: (profile.count - named) / rowsOf(profile) };
  }) as [{ shares: Map<string, number>; other: number }, { shares: Map<string, number>; other: number }];
  const values = [...new Set([...was.shares.keys(), ...is.shares.keys()])];
  return [
    ...values.map((bin) => ({ bin, was: was.shares.get(bin) ?? 0, is: is.shares.get(bin) ?? 0 })),
    { bin: "other", was: was.other, is: is.other },
  ];
}

function decileShares(before: ColumnProfile, after: ColumnProfile): BinShare[] {
  const points = before.quantiles!;
  const inner = Array.from(
    { length: bins - 1 },
    (_, i) => points[Math.round(((i + 1) * (points.length - 1)) / bins)]!,
  );
  const edges = [...new Set(inner)];
  const shares = (profile: ColumnProfile) => {
    const below = [0, ...edges.map((edge) => shareBelow(profile.quantiles!, edge)), 1];
    const known = profile.count / rowsOf(profile);
    return below.slice(1).map((share, i) => known * (share - below[i]!));
  };
  const [was, is] = [shares(before), shares(after)];
  return was.map((share, i) => ({ bin: rangeName(edges[i - 1], edges[i]), was: share, is: is[i]! }));
}

const rangeName = (from: number | undefined, to: number | undefined) =>
  from === undefined ? `below ${to}` : to === undefined ? `${from} and more` : `${from} to ${to}`;

/** The share of values below `edge`, from quantiles at equal steps. */
const shareBelow = (quantiles: number[], edge: number) =>
  quantiles.filter((value) => value < edge).length / quantiles.length;
