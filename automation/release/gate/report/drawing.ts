import { type Config, type TopLevelSpec } from "vega-lite";
import { type Problem } from "../problem";
import { type JudgedRow, type Prediction } from "../rows";

export type Model = "this release" | "served";
/** A part of a Vega-Lite specification. */
export type Unit = Record<string, unknown>;

export const width = 300;
export const height = 200;
export const models: Model[] = ["this release", "served"];
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

/** The picture as an SVG element. */
export async function draw(unit: Unit): Promise<string> {
  const { parse, View } = await import("vega"); // the one way to load it: it awaits while it is loaded
  const { compile } = await import("vega-lite");
  const view = new View(parse(compile({ config, ...unit } as TopLevelSpec).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}

/** A picture that is to be drawn. */
export interface Drawing {
  title: string;
  caption: string;
  spec: Unit;
}

/** The predictions of each model that made some. */
export const byModel = (
  rows: JudgedRow[],
): { model: Model; actual: number | string; prediction: Prediction }[] =>
  rows.flatMap(({ actual, challenger, champion }) => [
    { model: "this release" as const, actual, prediction: challenger },
    ...(champion ? [{ model: "served" as const, actual, prediction: champion }] : []),
  ]);

/** Shares of both models as values of a chart: one for each model that has one. */
export const sharesByModel = <T extends { challenger: number; champion?: number }>(found: T[]) =>
  models.flatMap((model) =>
    found.flatMap((each) => {
      const share = model === "served" ? each.champion : each.challenger;
      return share === undefined ? [] : [{ ...each, model, share }];
    }),
  );

export const color = (data: { model: Model }[]): Unit => {
  const present = models.filter((name) => data.some(({ model }) => model === name));
  return {
    ...{ field: "model", type: "nominal", scale: { domain: models, range: colors } },
    legend: present.length > 1 ? {} : null,
  };
};

export const unitOf = ({ unit }: Problem) => (unit ? ` (${unit})` : "");
