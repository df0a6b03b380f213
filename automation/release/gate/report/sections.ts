import { whole } from "../../../../handlers/publish/figures";
import { hasChanged, worthALook } from "../../../../handlers/shared/shift";
import { type Figures, sliceName } from "../measure";
import { errorName, errorText } from "../problem";
import { type Change } from "../../changes";
import { type Report } from "./report";

/** A table; the first column has the rows' names. */
export interface Table {
  /** Figures are short and stand in columns; texts may be long. */
  kind: "figures" | "texts";
  head: string[];
  rows: string[][];
}

/** A part of the report, for the page and for Markdown alike. */
export interface Section {
  title: string;
  paragraphs?: string[];
  tables: Table[];
}

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const errorIn =
  ({ problem }: Report) =>
  (value: number | undefined) =>
    value === undefined ? "" : errorText(problem, value);
const isCompared = ({ figures }: Report) => figures?.champion !== undefined;

/** Where, when, and beside what the release was judged. */
export function circumstances({ stack, at, champion }: Report): string {
  const when = `Stack ${stack}, ${at.slice(0, 16).replace("T", " ")} UTC.`;
  if (!champion) return `${when} No release was served.`;
  if (!champion.note) return `${when} The served release is ${champion.release}.`;
  return `${when} The served release is ${champion.release}; it is not compared with: ${champion.note}.`;
}

/** The figures of both models on the held-out rows, and of simpler predictions. */
export function figures(report: Report): Section[] {
  if (!report.figures) return [];
  const { challenger, champion } = report.figures;
  const error = errorIn(report);
  const lines: [string, keyof Figures, (value: number) => string][] = [
    ["held-out rows", "rows", whole],
    [errorName(report.problem), "error", error],
    ["half of the errors are below", "medianError", error],
    ["nine in ten errors are below", "p90Error", error],
    ["actual values within the interval", "coverage", percent],
    ["mean width of the interval", "intervalWidth", error],
  ];
  const cell = (value: number | undefined, text: (value: number) => string) =>
    value === undefined ? "" : text(value);
  const rows = lines
    .filter(([, key]) => challenger[key] !== undefined)
    .map(([name, key, text]) => [
      ...[name, cell(challenger[key], text)],
      ...(champion ? [cell(champion[key], text)] : []),
    ]);
  const baselines = Object.entries(report.baselines).map(([name, value]) => [name, error(value)]);
  return [
    {
      title: "Figures",
      tables: [
        { kind: "figures", head: ["", "this release", ...(champion ? ["served"] : [])], rows },
        { kind: "figures", head: ["to compare: the error of simpler predictions", ""], rows: baselines },
      ],
    },
  ];
}

/** What follows the figures: changes, slices, the model card, ingredients. */
export const details = (report: Report): Section[] => [
  ...changed(report),
  ...data(report),
  ...slices(report),
  ...modelCard(report),
  ingredients(report),
];

function changed({ changes, champion }: Report): Section[] {
  if (!changes) return [];
  const areas: [string, Change[]][] = [
    ["data", changes.data],
    ["code", changes.code],
    ["hyperparameter", changes.hyperparameters],
    ["schema", changes.schema],
  ];
  const rows = areas.flatMap(([area, found]) =>
    found.map(({ what, before, after }) => [`${area}: ${what}`, before ?? "(none)", after ?? "(none)"]),
  );
  const title = `What changed since ${champion?.release ?? "the served release"}`;
  return rows.length > 0
    ? [{ title, tables: [{ kind: "texts", head: ["", "before", "now"], rows }] }]
    : [{ title, paragraphs: ["Nothing that a release is made of."], tables: [] }];
}

/** From here on the population stability index of a column is worth a look, and from there on the column is another one. */
export const shiftWords = (index: number) =>
  index < worthALook ? "about the same" : index < hasChanged ? "worth a look" : "another one";

function data({ data: found, champion }: Report): Section[] {
  if (!found) return [];
  const { rows, columns } = found;
  const counts = [
    ["rows read", whole(rows.read)],
    ["rejected, as they do not fit schema.json", whole(rows.rejected)],
    ["left out, as another row has the same key", whole(rows.duplicates)],
    ["in the snapshot", whole(rows.kept)],
  ];
  const shifted = columns.map(({ column, index }) => [column, index.toFixed(3), shiftWords(index)]);
  const tables: Table[] = [
    { kind: "figures", head: ["", ""], rows: counts },
    ...(shifted.length > 0
      ? [
          {
            kind: "figures" as const,
            head: [`column, against the data of ${champion?.release}`, "population stability index", ""],
            rows: shifted,
          },
        ]
      : []),
  ];
  return [{ title: "Data", tables }];
}

function slices(report: Report): Section[] {
  if (report.slices.length === 0) return [];
  const error = errorIn(report);
  const compared = isCompared(report);
  const head = ["", "rows", "error", ...(compared ? ["error, served"] : [])];
  const rows = report.slices.map((slice) => [
    ...[sliceName(slice), whole(slice.challenger.rows), error(slice.challenger.error)],
    ...(compared ? [error(slice.champion?.error)] : []),
  ]);
  return [{ title: "Slices", tables: [{ kind: "figures", head, rows }] }];
}

function modelCard({ card: { intendedUse, limits, importances } }: Report): Section[] {
  const rows = Object.entries(importances).map(([name, share]) => [name, percent(share)]);
  const paragraphs = [intendedUse, ...limits].filter(Boolean);
  if (rows.length + paragraphs.length === 0) return [];
  const tables: Table[] = rows.length > 0 ? [{ kind: "figures", head: ["feature", "share"], rows }] : [];
  return [{ title: "Model card", paragraphs, tables }];
}

function ingredients({ commit, image, snapshot, hyperparameters }: Report): Section {
  const rows = [
    ["commit", commit ?? "not in a git repository"],
    ["image", image],
    ["data snapshot", snapshot],
    ...Object.entries(hyperparameters),
  ];
  return { title: "What it was made from", tables: [{ kind: "texts", head: ["", ""], rows }] };
}
