import { type AnswerRow, type HeldOut } from "../holdout";
import { type Problem } from "./problem";

/** What a model says of one row: a number with its interval, or a class. */
export interface Prediction {
  value: number | string;
  lower?: number;
  upper?: number;
}

/** A held-out row with what is true and what the models say of it. */
export interface JudgedRow {
  actual: number | string;
  /** By slice field; "" for missing. */
  slices: Record<string, string>;
  challenger: Prediction;
  /** Undefined when there is no champion, or when it gave no prediction for this row. */
  champion?: Prediction;
}

/** Thrown when a model's answers cannot be used, with the reason. */
export class UnusableAnswers extends Error {}

/** The predictions in a model's answers, one for each of `rows`; undefined in the place of an answer that is none. */
export function readPredictions(
  { kind }: Problem,
  rows: number,
  answers: AnswerRow[],
): { predictions: (Prediction | undefined)[]; fault?: string } {
  if (answers.length !== rows) {
    throw new UnusableAnswers(`it gave ${answers.length} answers to ${rows} held-out rows`);
  }
  let fault: string | undefined;
  const predictions = answers.map((answer, index) => {
    const prediction = kind === "regression" ? numberIn(answer) : classIn(answer);
    fault ??= prediction
      ? undefined
      : `to row ${index + 1} it answers ${JSON.stringify(answer).slice(0, 200)}`;
    return prediction;
  });
  return { predictions, fault };
}

function numberIn({ value, lower, upper }: AnswerRow): Prediction | undefined {
  if (!isNumber(value)) return undefined;
  return isNumber(lower) && isNumber(upper) ? { value, lower, upper } : { value };
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const classIn = ({ value }: AnswerRow): Prediction | undefined =>
  typeof value === "string" ? { value } : undefined;

/** The held-out rows with the predictions of the challenger and, where it made one, of the champion. */
export function judgedRows(
  { kind, target, slices }: Problem,
  heldOut: HeldOut[],
  challenger: Prediction[],
  champion: (Prediction | undefined)[] = [],
): JudgedRow[] {
  return heldOut.map(({ row }, index) => {
    const cell = row[target] ?? "";
    return {
      actual: kind === "regression" ? Number(cell) : cell,
      slices: Object.fromEntries(slices.map((name) => [name, row[name] ?? ""])),
      challenger: challenger[index]!,
      ...(champion[index] ? { champion: champion[index] } : {}),
    };
  });
}

/** How wrong a prediction is: the distance in the target's unit, or 1 for a wrong class and 0 for the right one. */
export const loss = (actual: number | string, { value }: Prediction): number =>
  typeof actual === "number" && typeof value === "number"
    ? Math.abs(value - actual)
    : value === actual
      ? 0
      : 1;
