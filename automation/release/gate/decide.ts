import { figure, whole } from "../../../handlers/publish/figures";
import { type GateSettings } from "../../../components/release/gate-settings";
import { bootstrapMean, type Interval } from "./bootstrap";
import { constantGuess, measure, ofChallenger, type Slice, sliceName, slicesOf } from "./measure";
import { errorText, type Problem } from "./problem";
import { type JudgedRow, loss } from "./rows";

/** One thing that was looked at, with what was found. `limit` and `measured` are in the error's unit, or in percent. */
export interface Check {
  name: string;
  limit: number;
  measured: number;
  passed: boolean;
  /** One or two sentences for people. */
  explanation: string;
}

/** Percent by which an error grows that was 0 before: JSON knows no infinity. */
const unbounded = Number.MAX_SAFE_INTEGER;

/** Smallest share of the rows that a champion must have answered for the comparison to count. */
export const comparableShare = 0.5;

/**
 * Every check that the settings ask for. A release is accepted when all are passed.
 * @param rows the held-out rows, with the champion's predictions where there is one to compare with.
 */
export function check(rows: JudgedRow[], problem: Problem, settings: GateSettings): Check[] {
  const compared = rows.filter(({ champion }) => champion);
  const comparable = compared.length > 0 && compared.length >= comparableShare * rows.length;
  return [
    ...absoluteChecks(rows, problem, settings),
    ...(comparable
      ? [championCheck(compared, problem, settings), ...sliceChecks(compared, problem, settings)]
      : [baselineCheck(rows, problem)]),
  ];
}

function absoluteChecks(
  rows: JudgedRow[],
  problem: Problem,
  { maxError, minCoveragePercent, maxCoveragePercent }: GateSettings,
): Check[] {
  const { error, coverage } = measure(problem, ofChallenger(rows));
  const checks: Check[] = [];
  if (maxError !== undefined) {
    const explanation = `Its error is ${errorText(problem, error)}; the limit is ${errorText(problem, maxError)} (gateMaxError).`;
    checks.push({ name: "error", limit: maxError, measured: error, passed: error <= maxError, explanation });
  }
  const limits: [string, number, string, boolean][] = [
    ["least coverage", minCoveragePercent, "at least", minCoveragePercent > 0],
    ["largest coverage", maxCoveragePercent, "at most", maxCoveragePercent < 100],
  ];
  for (const [name, limit, words, wanted] of limits) {
    if (!wanted || problem.kind === "classification") continue;
    const measured = 100 * (coverage ?? 0);
    const passed = coverage !== undefined && (words === "at least" ? measured >= limit : measured <= limit);
    const found =
      coverage === undefined
        ? "It gives no interval with its predictions"
        : `${measured.toFixed(1)} % of the actual values are within its interval`;
    checks.push({ name, limit, measured, passed, explanation: `${found}; ${words} ${limit} % must be.` });
  }
  return checks;
}

/** By how much the challenger's error is larger than the champion's, with 95 % confidence. */
const increase = (rows: JudgedRow[], level?: number): Interval =>
  bootstrapMean(
    rows.map(({ actual, challenger, champion }) => loss(actual, challenger) - loss(actual, champion!)),
    level,
  );

const championError = (rows: JudgedRow[]) =>
  rows.reduce((sum, { actual, champion }) => sum + loss(actual, champion!), 0) / rows.length;

/**
 * The whole interval of the increase must lie below the limit: 0 to be better (superiority), a share of the champion's
 * error to be not worse (non-inferiority). What may be luck does not pass.
 */
function championCheck(rows: JudgedRow[], problem: Problem, settings: GateSettings): Check {
  const before = championError(rows);
  const { mean, low, high } = increase(rows);
  const better = settings.require === "better";
  const limit = better ? 0 : (before * settings.maxIncreasePercent) / 100;
  const passed = better ? high < 0 : high <= limit;
  const text = (value: number) => errorText(problem, value);
  const found =
    `On ${whole(rows.length)} held-out rows its error is ${text(before + mean)}, that of the served release ${text(before)}: ` +
    `${relative(mean, before)} (95 % interval of the increase: ${text(low)} to ${text(high)}).`;
  const wanted = better
    ? "All of the interval must lie below 0, so that no luck is taken for progress (gateRequire better)."
    : `The interval must not reach above ${text(limit)}, ${settings.maxIncreasePercent} % of the served release's error ` +
      "(gateRequire not-worse, gateMaxIncreasePercent).";
  const name = better ? "better than the served release" : "not worse than the served release";
  return { name, limit, measured: high, passed, explanation: `${found} ${wanted}` };
}

const relative = (change: number, before: number): string => {
  if (change === 0) return "the same";
  const percent = before === 0 ? "" : `${Math.abs((100 * change) / before).toFixed(1)} % `;
  return `${percent}${change > 0 ? "more" : "less"}`;
};

/** A slice is worse when its error grew beyond the limit, and significantly so, all slices judged together. */
function sliceChecks(rows: JudgedRow[], problem: Problem, settings: GateSettings): Check[] {
  const judged = slicesOf(problem, rows).filter((slice) => slice.rows.length >= settings.minSliceRows);
  const level = 1 - 0.05 / Math.max(1, judged.length); // Bonferroni: one slice in twenty is worse by chance
  return judged.map((slice) => sliceCheck(slice, problem, settings.maxSliceIncreasePercent, level));
}

function sliceCheck(slice: Slice, problem: Problem, limit: number, level: number): Check {
  const before = championError(slice.rows);
  const { error } = measure(problem, ofChallenger(slice.rows));
  const measured = before === 0 ? (error === 0 ? 0 : unbounded) : 100 * (error / before - 1);
  const beyond = measured > limit;
  const significant = beyond && increase(slice.rows, level).low > 0;
  const found = `${sliceName(slice)} (${whole(slice.rows.length)} rows): ${errorText(problem, error)}, before ${errorText(problem, before)}, ${relative(error - before, before)}`;
  const verdict = significant
    ? `more than the ${limit} % of gateMaxSliceIncreasePercent, and significant`
    : beyond
      ? `more than ${limit} %, but that may be chance`
      : `within ${limit} %`;
  const name = `slice ${sliceName(slice)}`;
  return { name, limit, measured, passed: !significant, explanation: `${found}; ${verdict}.` };
}

/** Without a champion: better than the best constant answer, which even knows the held-out rows. */
function baselineCheck(rows: JudgedRow[], problem: Problem): Check {
  const guess = constantGuess(rows);
  const differences = rows.map(({ actual, challenger }) => loss(actual, challenger) - loss(actual, guess));
  const { low, high } = bootstrapMean(differences);
  const baseline = rows.reduce((sum, { actual }) => sum + loss(actual, guess), 0) / rows.length;
  const { error } = measure(problem, ofChallenger(rows));
  const text = (value: number) => errorText(problem, value);
  const always = typeof guess.value === "number" ? `${figure(guess.value)} ${problem.unit}` : guess.value;
  return {
    ...{ name: "better than a constant answer", limit: 0, measured: high, passed: high < 0 },
    explanation:
      `There is no served release to compare with. On ${whole(rows.length)} held-out rows its error is ${text(error)}, that of ` +
      `always answering ${always} ${text(baseline)} (95 % interval of the difference: ${text(low)} to ${text(high)}); it must be better.`,
  };
}
