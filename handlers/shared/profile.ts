/** What is in a column of a snapshot. */
export interface ColumnProfile {
  /** `number` for numbers and integers, `category` for everything else. */
  kind: "number" | "category";
  /** `x-unit` of the schema. */
  unit: string;
  /** Rows with a value, and rows without. */
  count: number;
  missing: number;
  /** Different values. */
  distinct: number;
  /** The most frequent values with their numbers of rows, most frequent first; all of them when there are not too many. */
  values: [value: string, rows: number][];
  /** Of numbers: the extremes, the mean and `quantilePoints` quantiles, the first the smallest value and the last the largest. */
  min?: number;
  max?: number;
  mean?: number;
  quantiles?: number[];
}

/** The columns that matter to a model (features and target), by name. */
export interface Profile {
  /** Rows that the profile was made from: all, or up to a million drawn evenly from a larger snapshot. */
  rows: number;
  columns: Record<string, ColumnProfile>;
}
