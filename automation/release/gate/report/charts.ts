import { type Config, type TopLevelSpec } from "vega-lite";
import { quantile } from "simple-statistics";
import { sliceName } from "../measure";
import { errorName, type Problem } from "../problem";
import { type JudgedRow, loss, type Prediction } from "../rows";
import { type Report } from "./report";

/** A picture with its words, for those who cannot see it too. */
export interface Chart {
  title: string;
  caption: string;
  /** An SVG element. Its colours are CSS variables of the page. */
  svg: string;
}

type Model = "this release" | "served";
type Unit = Record<string, unknown>;

const width = 300;
const height = 200;
/** Marks in a scatter plot; more make the page heavy and no clearer. */
const mostMarks = 1500;
const models: Model[] = ["this release", "served"];
const colors = ["var(--this)", "var(--served)"];

const config: Config = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: "transparent" },
  axis: {
    ...{ labelColor: "var(--muted)", titleColor: "var(--muted)", domainColor: "var(--line)" },
    ...{ tickColor: "var(--line)", gridColor: "var(--grid)", titleFontWeight: "normal", labelLimit: 200 },
  },
  legend: { labelColor: "var(--ink)", orient: "top", title: null, symbolType: "square" },
};

/** Every chart that the findings have data for. */
export async function charts(report: Report, rows: JudgedRow[]): Promise<Chart[]> {
  const { problem } = report;
  const drawn = [
    ...(rows.length > 0
      ? problem.kind === "regression"
        ? numberCharts(problem, rows)
        : classCharts(rows)
      : []),
    ...(report.slices.length > 0 ? [sliceChart(report)] : []),
    ...(Object.keys(report.importances).length > 0 ? [importanceChart(report)] : []),
  ];
  return Promise.all(
    drawn.map(async ({ spec, ...words }) => ({
      ...words,
      svg: await draw({ config, ...spec } as TopLevelSpec),
    })),
  );
}

async function draw(spec: TopLevelSpec): Promise<string> {
  const { parse, View } = await import("vega"); // the one way to load it: it awaits while it is loaded
  const { compile } = await import("vega-lite");
  const view = new View(parse(compile(spec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

interface Drawing {
  title: string;
  caption: string;
  spec: Unit;
}

/** The predictions of each model that made some. */
const byModel = (rows: JudgedRow[]): { model: Model; actual: number | string; prediction: Prediction }[] =>
  rows.flatMap(({ actual, challenger, champion }) => [
    { model: "this release" as const, actual, prediction: challenger },
    ...(champion ? [{ model: "served" as const, actual, prediction: champion }] : []),
  ]);

const color = (data: { model: Model }[]): Unit => {
  const present = models.filter((name) => data.some(({ model }) => model === name));
  return {
    ...{ field: "model", type: "nominal", scale: { domain: models, range: colors } },
    legend: present.length > 1 ? {} : null,
  };
};

const unitOf = ({ unit }: Problem) => (unit ? ` (${unit})` : "");

function numberCharts(problem: Problem, rows: JudgedRow[]): Drawing[] {
  const every = Math.max(1, Math.ceil(rows.length / mostMarks));
  const some = rows.filter((_, index) => index % every === 0);
  const intervals = coverageByValue(rows);
  return [
    errorDistribution(problem, rows),
    ...(intervals.length > 0 ? [calibration(problem, intervals)] : []),
    actualAgainstPredicted(problem, some),
  ];
}

function errorDistribution(problem: Problem, rows: JudgedRow[]): Drawing {
  const all = byModel(rows).map(({ model, actual, prediction }) => ({
    model,
    error: loss(actual, prediction),
  }));
  const top =
    quantile(
      all.map(({ error }) => error),
      0.98,
    ) || 1;
  const bins = 24;
  const values = models.flatMap((model) => {
    const errors = all.filter((each) => each.model === model).map(({ error }) => error);
    if (errors.length === 0) return [];
    const counts = new Array<number>(bins).fill(0);
    for (const error of errors)
      if (error <= top) counts[Math.min(bins - 1, Math.floor((error / top) * bins))]! += 1;
    return counts.map((count, bin) => ({ model, error: (bin * top) / bins, share: count / errors.length }));
  });
  return {
    title: "How large the errors are",
    caption: "Share of the held-out rows by absolute error; the largest 2 % are not shown.",
    spec: {
      ...{ width, height, data: { values } },
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
      encoding: {
        x: { field: "error", type: "quantitative", title: `absolute error${unitOf(problem)}` },
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

function classCharts(rows: JudgedRow[]): Drawing[] {
  return [wrongByClass(rows), confusion(rows)];
}

function wrongByClass(rows: JudgedRow[]): Drawing {
  const all = byModel(rows);
  const values = [...new Set(all.map(({ actual }) => actual))].sort().flatMap((actual) =>
    models.flatMap((model) => {
      const found = all.filter((row) => row.model === model && row.actual === actual);
      const wrong = found.filter((row) => loss(row.actual, row.prediction) > 0);
      return found.length > 0 ? [{ model, actual, share: wrong.length / found.length }] : [];
    }),
  );
  return {
    title: "Which classes it gets wrong",
    caption: "Share of wrong answers by actual class.",
    spec: {
      ...{ width: width - 40, height: { step: 14 }, data: { values }, mark: "bar" },
      encoding: {
        y: { field: "actual", type: "nominal", title: null },
        yOffset: { field: "model", sort: models },
        x: { field: "share", type: "quantitative", title: "wrong answers", axis: { format: "%" } },
        color: color(values),
      },
    },
  };
}

function confusion(rows: JudgedRow[]): Drawing {
  const values = rows.map(({ actual, challenger }) => ({ actual, predicted: challenger.value }));
  return {
    title: "What it predicts, and what was true",
    caption: "This release: held-out rows by actual and predicted class.",
    spec: {
      ...{ width, height, data: { values } },
      encoding: {
        x: { field: "predicted", type: "nominal", title: "predicted", axis: { labelAngle: -30 } },
        y: { field: "actual", type: "nominal", title: "actual" },
      },
      layer: [
        {
          mark: { type: "rect", color: "var(--this)" },
          encoding: {
            opacity: { aggregate: "count", type: "quantitative", scale: { range: [0.1, 0.7] }, legend: null },
          },
        },
        {
          mark: { type: "text", color: "var(--ink)" },
          encoding: { text: { aggregate: "count", type: "quantitative" } },
        },
      ],
    },
  };
}

function sliceChart({ slices, problem }: Report): Drawing {
  const values = slices.flatMap((slice) =>
    [slice.challenger, slice.champion].flatMap((figures, index) =>
      figures
        ? [{ model: models[index]!, slice: `${sliceName(slice)} (${figures.rows})`, error: figures.error }]
        : [],
    ),
  );
  const share = problem.kind === "classification";
  return {
    title: "Where it is good and where not",
    caption: "Error in each slice of the held-out rows, with the number of its rows.",
    spec: {
      ...{ width: width - 80, height: { step: 18 }, data: { values } },
      mark: { type: "point", filled: true, size: 60, opacity: 0.9 },
      encoding: {
        y: {
          field: "slice",
          type: "nominal",
          title: null,
          sort: null,
          axis: { grid: true },
        },
        x: {
          ...{ field: "error", type: "quantitative", title: `${errorName(problem)}${unitOf(problem)}` },
          axis: share ? { format: "%" } : {},
        },
        shape: { field: "model", scale: { domain: models, range: ["circle", "diamond"] } },
        color: color(values),
      },
    },
  };
}

function importanceChart({ importances }: Report): Drawing {
  const values = Object.entries(importances)
    .slice(0, 15)
    .map(([feature, share]) => ({ feature, share }));
  return {
    title: "What it looks at",
    caption: "Share of each feature in what the model has learned, as its model card says.",
    spec: {
      ...{ width: width - 40, height: { step: 18 }, data: { values } },
      mark: { type: "bar", color: "var(--this)" },
      encoding: {
        y: { field: "feature", type: "nominal", title: null, sort: null },
        x: { field: "share", type: "quantitative", title: "share", axis: { format: "%" } },
      },
    },
  };
}
