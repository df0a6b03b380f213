import { sliceName } from "../measure";
import { errorName } from "../problem";
import { type JudgedRow } from "../rows";
import { classCharts } from "./class-charts";
import { dataCharts } from "./data-charts";
import { color, draw, type Drawing, models, unitOf, width } from "./drawing";
import { numberCharts } from "./number-charts";
import { type Report } from "./report";

/** A picture with its words, for those who cannot see it too. */
export interface Chart {
  title: string;
  caption: string;
  /** An SVG element. Its colours are CSS variables of the page. */
  svg: string;
}

/** Every chart that the findings have data for. */
export async function charts(report: Report, rows: JudgedRow[]): Promise<Chart[]> {
  const { problem } = report;
  const drawn = [
    ...(rows.length > 0
      ? problem.kind === "regression"
        ? numberCharts(problem, rows, report.errorBins ?? [])
        : classCharts(rows, report.classErrors ?? [])
      : []),
    ...(report.slices.length > 0 ? [sliceChart(report)] : []),
    ...(Object.keys(report.card.importances).length > 0 ? [importanceChart(report)] : []),
    ...dataCharts(report.data?.columns ?? []),
  ];
  return Promise.all(
    drawn.map(async ({ spec, ...words }) => ({
      ...words,
      svg: await draw(spec),
    })),
  );
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

function importanceChart({ card: { importances } }: Report): Drawing {
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
