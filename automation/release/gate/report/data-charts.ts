import { type ColumnShift } from "../../../../handlers/shared/shift";
import { color, type Drawing, type Model, width } from "./drawing";

const shownColumns = 4;
const shownBins = 12;

/** How the columns that have shifted most are distributed in the data of both releases. */
export const dataCharts = (columns: ColumnShift[]): Drawing[] =>
  columns
    .slice(0, shownColumns)
    .filter(({ index }) => index > 0)
    .map(columnChart);

function columnChart({ column, index, bins }: ColumnShift): Drawing {
  const largest = [...bins].sort((a, b) => b.was + b.is - a.was - a.is).slice(0, shownBins);
  const shown = bins.filter((bin) => largest.includes(bin) && bin.was + bin.is > 0);
  const values = shown.flatMap(({ bin, was, is }): { model: Model; bin: string; share: number }[] => [
    { model: "this release", bin, share: is },
    { model: "served", bin, share: was },
  ]);
  return {
    title: `The data: ${column}`,
    caption: `Share of the rows, in the data of both releases. Population stability index ${index.toFixed(3)}.`,
    spec: {
      ...{ width: width - 60, height: { step: 9 }, data: { values } },
      mark: { type: "bar" },
      encoding: {
        y: { field: "bin", type: "nominal", title: null, sort: null },
        yOffset: { field: "model", sort: ["this release", "served"] },
        x: { field: "share", type: "quantitative", title: "share", axis: { format: "%" } },
        color: color(values),
      },
    },
  };
}
