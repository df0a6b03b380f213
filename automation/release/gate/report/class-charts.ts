import { type ClassErrors } from "../distribution";
import { type JudgedRow } from "../rows";
import { color, type Drawing, height, models, sharesByModel, width } from "./drawing";

/** Charts of predicted classes. */
export function classCharts(rows: JudgedRow[], errors: ClassErrors[]): Drawing[] {
  return [wrongByClass(errors), confusion(rows)];
}

function wrongByClass(errors: ClassErrors[]): Drawing {
  const values = sharesByModel(errors);
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
