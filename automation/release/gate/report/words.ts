import { whole } from "../../../../handlers/publish/figures";
import { type Figures } from "../measure";
import { errorName, errorText } from "../problem";
import { type Change, type Changes } from "./changes";
import { type Report } from "./report";

/** A share as a percentage. */
export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** The figures of both models: name, this release, the served one. */
export function figureRows({ problem, figures }: Report): string[][] {
  if (!figures) return [];
  const error = (value: number) => errorText(problem, value);
  const lines: [string, keyof Figures, (value: number) => string][] = [
    ["held-out rows", "rows", whole],
    [errorName(problem), "error", error],
    ["half of the errors are below", "medianError", error],
    ["nine in ten errors are below", "p90Error", error],
    ["actual values within the interval", "coverage", percent],
    ["mean width of the interval", "intervalWidth", error],
  ];
  return lines
    .filter(([, key]) => figures.challenger[key] !== undefined)
    .map(([name, key, text]) => [
      name,
      ...[figures.challenger, figures.champion].map((model) => {
        const value = model?.[key];
        return value === undefined ? "" : text(value);
      }),
    ]);
}

/** The areas of a release in the order in which people ask. */
export const areas = (changes: Changes): { area: string; changed: Change[] }[] => [
  { area: "data", changed: changes.data },
  { area: "code", changed: changes.code },
  { area: "hyperparameters", changed: changes.hyperparameters },
  { area: "schema", changed: changes.schema },
];

/** Before and now, for people. */
export const changeTexts = ({ before, after }: Change): [string, string] => [
  before ?? "(none)",
  after ?? "(none)",
];
