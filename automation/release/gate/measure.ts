import { mean, modeFast, quantile } from "simple-statistics";
import { loss, type JudgedRow, type Prediction } from "./rows";
import { type Problem } from "./problem";

/** How good a model is on some rows. */
export interface Figures {
  rows: number;
  /** Mean loss: in the target's unit, or the share of wrong answers. */
  error: number;
  /** Quantiles of the loss (regression). */
  medianError?: number;
  p90Error?: number;
  /** Share of the actual values within the interval, and the interval's mean width, where a model gives one. */
  coverage?: number;
  intervalWidth?: number;
}

/** The figures of what one model says of `rows`, which are at least one. */
export function measure(
  { kind }: Problem,
  rows: { actual: number | string; prediction: Prediction }[],
): Figures {
  const losses = rows.map(({ actual, prediction }) => loss(actual, prediction));
  const figures: Figures = { rows: rows.length, error: mean(losses) };
  if (kind === "classification") return figures;
  const intervals = rows.flatMap(({ actual, prediction: { lower, upper } }) =>
    typeof actual === "number" && lower !== undefined && upper !== undefined
      ? [{ actual, lower, upper }]
      : [],
  );
  return {
    ...figures,
    ...{ medianError: quantile(losses, 0.5), p90Error: quantile(losses, 0.9) },
    ...(intervals.length < rows.length
      ? {}
      : {
          coverage: mean(intervals.map(({ actual, lower, upper }) => +(lower <= actual && actual <= upper))),
          intervalWidth: mean(intervals.map(({ lower, upper }) => upper - lower)),
        }),
  };
}

export const ofChallenger = (rows: JudgedRow[]) =>
  rows.map(({ actual, challenger }) => ({ actual, prediction: challenger }));

/** The rows that the champion answered, with what it said. */
export const ofChampion = (rows: JudgedRow[]) =>
  rows.flatMap(({ actual, champion }) => (champion ? [{ actual, prediction: champion }] : []));

/** The best answer that is the same for all rows: the median, or the most frequent class. */
export function constantGuess(rows: JudgedRow[]): Prediction {
  const actual = rows.map((row) => row.actual);
  const numbers = actual.filter((value) => typeof value === "number");
  return { value: numbers.length === actual.length ? quantile(numbers, 0.5) : (modeFast(actual) ?? "") };
}

/** The rows of one value of a slice field. */
export interface Slice {
  field: string;
  /** "" for missing. */
  value: string;
  rows: JudgedRow[];
}

/** `rows` broken down by each value of each slice field. */
export function slicesOf({ slices }: Problem, rows: JudgedRow[]): Slice[] {
  return slices.flatMap((field) => {
    const groups = new Map<string, JudgedRow[]>();
    for (const row of rows) {
      const value = row.slices[field] ?? "";
      const group = groups.get(value);
      if (group) group.push(row);
      else groups.set(value, [row]);
    }
    return [...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, found]) => ({ field, value, rows: found }));
  });
}

export const sliceName = ({ field, value }: Pick<Slice, "field" | "value">) =>
  `${field} ${value || "(missing)"}`;
