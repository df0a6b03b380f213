import { type ErrorBin } from "../distribution";
import { type Problem } from "../problem";
import { type JudgedRow } from "../rows";
import {
  byModel,
  color,
  type Drawing,
  height,
  type Model,
  models,
  sharesByModel,
  type Unit,
  unitOf,
  width,
} from "./drawing";

/** Marks in a scatter plot; more make the page heavy and no clearer. */
const mostMarks = 1500;

/** Charts of predicted numbers. */
export function numberCharts(problem: Problem, rows: JudgedRow[], bins: ErrorBin[]): Drawing[] {
  const every = Math.max(1, Math.ceil(rows.length / mostMarks));
  const some = rows.filter((_, index) => index % every === 0);
  const intervals = coverageByValue(rows);
  return [
    errorDistribution(problem, bins),
    ...(intervals.length > 0 ? [calibration(problem, intervals)] : []),
    actualAgainstPredicted(problem, some),
  ];
}

function errorDistribution(problem: Problem, bins: ErrorBin[]): Drawing {
  const values = sharesByModel(bins);
  return {
    title: "How large the errors are",
    caption: "Share of the held-out rows by absolute error; the largest 2 % are not shown.",
    spec: {
      ...{ width, height, data: { values } },
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
      encoding: {
        x: { field: "from", type: "quantitative", title: `absolute error${unitOf(problem)}` },
        y: { field: "share", type: "quantitative", title: "share of rows", axis: { format: "%" } },
        color: color(values),
      },
    },
  };
}

interface Coverage {
  model: Model;
  predicted: number;
  share: number;
}

/** In ten groups of rows by predicted value: the share of actual values within the interval. */
function coverageByValue(rows: JudgedRow[]): Coverage[] {
  return models.flatMap((model) => {
    const found = byModel(rows)
      .filter((row) => row.model === model && row.prediction.lower !== undefined)
      .sort((a, b) => Number(a.prediction.value) - Number(b.prediction.value));
    const groups = Math.min(10, Math.floor(found.length / 10));
    return Array.from({ length: groups }, (_, group) => {
      const part = found.slice((group * found.length) / groups, ((group + 1) * found.length) / groups);
      const inside = part.filter(
        ({ actual, prediction: { lower = 0, upper = 0 } }) =>
          lower <= Number(actual) && Number(actual) <= upper,
      );
      return {
        ...{ model, share: inside.length / part.length },
        predicted: part.reduce((sum, { prediction }) => sum + Number(prediction.value), 0) / part.length,
      };
    });
  });
}

const calibration = (problem: Problem, values: Coverage[]): Drawing => ({
  title: "How far its intervals can be trusted",
  caption:
    "Share of the actual values within the predicted interval, in ten groups of rows by predicted value.",
  spec: {
    ...{ width, height, data: { values } },
    mark: { type: "line", point: { filled: true, size: 40 }, strokeWidth: 2 },
    encoding: {
      x: { field: "predicted", type: "quantitative", title: `predicted ${problem.target}${unitOf(problem)}` },
      y: {
        ...{ field: "share", type: "quantitative", title: "within the interval" },
        ...{ axis: { format: "%" }, scale: { domain: [0, 1] } },
      },
      color: color(values),
    },
  },
});

function actualAgainstPredicted(problem: Problem, rows: JudgedRow[]): Drawing {
  const values = rows.map(({ actual, challenger }) => ({ actual, predicted: challenger.value }));
  const ends = values.flatMap(({ actual, predicted }) => [Number(actual), Number(predicted)]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const axis = (field: string, title: string): Unit => ({
    ...{ field, type: "quantitative", title: `${title} ${problem.target}${unitOf(problem)}` },
    scale: { domain: [low, high] },
  });
  return {
    title: "What it predicts, and what was true",
    caption: `This release, ${rows.length} of the held-out rows. On the line the prediction is right.`,
    spec: {
      ...{ width, height },
      layer: [
        {
          data: { values },
          mark: { type: "circle", color: "var(--this)", opacity: 0.35, size: 14 },
          encoding: { x: axis("actual", "actual"), y: axis("predicted", "predicted") },
        },
        {
          data: { values: [low, high].map((end) => ({ actual: end, predicted: end })) },
          mark: { type: "line", color: "var(--ink)", strokeWidth: 1, strokeDash: [4, 3] },
          encoding: { x: axis("actual", "actual"), y: axis("predicted", "predicted") },
        },
      ],
    },
  };
}
