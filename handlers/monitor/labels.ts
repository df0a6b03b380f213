import { parse } from "csv-parse/sync";
import * as v from "valibot";
import { type CapturedRequest } from "./captured";

/** What was true of a record that had been predicted. */
export interface Label {
  requestId: string;
  /** Position of the record in its request, from 0. */
  record: number;
  truth: number | string;
}

/** How far the predictions were from what was true. */
export interface Quality {
  /** Labels that could be read, and those of them whose prediction is among what was captured of the release. */
  labels: number;
  joined: number;
  /** Rows that are no labels. */
  unreadable: number;
  measure: "mean absolute error" | "share of wrong answers";
  /** Null with fewer than `fewestLabels` joined. */
  error: number | null;
}

/** Fewer give no error: of 100 answers, the share of wrong ones is known to ten points of a hundred. */
export const fewestLabels = 100;

const rowSchema = v.object({
  requestId: v.pipe(v.string(), v.nonEmpty()),
  record: v.optional(
    v.pipe(v.union([v.number(), v.string()]), v.transform(Number), v.integer(), v.minValue(0)),
    0,
  ),
});

/**
 * The labels of a file: CSV with a header, or JSON Lines, with `requestId`, the target by its name and, for a request
 * of more than one record, `record`.
 */
export function readLabels(
  key: string,
  text: string,
  target: { name: string; isNumber: boolean },
): { labels: Label[]; unreadable: number } {
  const rows = /\.jsonl$/i.test(key) ? linesOf(text).map(parseLine) : cellsOf(text);
  const labels = rows.flatMap((row) => {
    const parsed = v.safeParse(rowSchema, row);
    const truth = truthOf((row as Record<string, unknown> | undefined)?.[target.name], target.isNumber);
    return parsed.success && truth !== undefined ? [{ ...parsed.output, truth }] : [];
  });
  return { labels, unreadable: rows.length - labels.length };
}

/** @param captured what the release has answered, as far as it is labelled. */
export function qualityOf(
  { labels, unreadable }: { labels: Label[]; unreadable: number },
  captured: CapturedRequest[],
  isNumber: boolean,
): Quality {
  const byRequest = new Map(captured.map(({ requestId, records }) => [requestId, records]));
  // A label that was corrected counts as it is now.
  const newest = new Map(labels.map((label) => [JSON.stringify([label.requestId, label.record]), label]));
  const errors = [...newest.values()].flatMap(({ requestId, record, truth }) => {
    const asked = byRequest.get(requestId)?.[record];
    if (asked === undefined) return [];
    return isNumber
      ? Math.abs(Number(asked.value) - Number(truth))
      : Number(String(asked.value) !== String(truth));
  });
  const mean = errors.reduce((sum, each) => sum + each, 0) / errors.length;
  return {
    ...{ labels: newest.size, joined: errors.length, unreadable },
    measure: isNumber ? "mean absolute error" : "share of wrong answers",
    error: errors.length < fewestLabels ? null : mean,
  };
}

const linesOf = (text: string) => text.split("\n").filter((line) => line.trim() !== "");

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function cellsOf(text: string): unknown[] {
  return parse(text, { columns: true, bom: true, skip_empty_lines: true, relax_column_count: true }).map(
    (row) =>
      row !== null && typeof row === "object" && "record" in row && row.record === ""
        ? { ...row, record: 0 }
        : row,
  );
}

const truthSchema = v.union([v.pipe(v.string(), v.nonEmpty()), v.number(), v.boolean()]);

function truthOf(value: unknown, isNumber: boolean): number | string | undefined {
  const parsed = v.safeParse(truthSchema, value);
  if (!parsed.success) return undefined;
  if (!isNumber) return String(parsed.output);
  const number = Number(parsed.output);
  return Number.isFinite(number) ? number : undefined;
}
