import { whole } from "../../../../handlers/publish/figures";
import { sliceName } from "../measure";
import { errorText } from "../problem";
import { type Report } from "./report";
import { areas, changeTexts, figureRows, percent } from "./words";

/** The report for a pull request, a terminal or a chat: all of it but the pictures. */
export function markdown(report: Report): string {
  const { problem, figures, champion } = report;
  const error = (value: number | undefined) => (value === undefined ? "" : errorText(problem, value));
  const sections = [
    `# ${report.headline}`,
    `Stack ${report.stack}, ${report.at.slice(0, 16).replace("T", " ")} UTC.` +
      (champion
        ? ` Served: ${champion.release}${champion.note ? `, which cannot be compared: ${cell(champion.note)}.` : "."}`
        : " No release was served."),
    "## Checks",
    table(
      ["", "check", "what was found"],
      report.checks.map(({ name, passed, explanation }) => [
        passed ? "passed" : "**failed**",
        name,
        explanation,
      ]),
    ),
    ...(figures
      ? [
          "## Figures",
          table(
            [
              "",
              `this release (${report.release})`,
              champion && !champion.note ? `served (${champion.release})` : "served",
            ],
            figureRows(report),
          ),
          table(
            ["error of simpler predictions", ""],
            Object.entries(report.baselines).map(([name, value]) => [name, error(value)]),
          ),
        ]
      : []),
    ...(report.slices.length > 0
      ? [
          "## Slices",
          table(
            ["slice", "rows", "error", "error, served"],
            report.slices.map((slice) => [
              sliceName(slice),
              whole(slice.challenger.rows),
              error(slice.challenger.error),
              error(slice.champion?.error),
            ]),
          ),
        ]
      : []),
    ...(Object.keys(report.importances).length > 0
      ? [
          "## What the model looks at",
          table(
            ["feature", "share"],
            Object.entries(report.importances).map(([name, share]) => [name, percent(share)]),
          ),
        ]
      : []),
    ...changes(report),
  ];
  return `${sections.join("\n\n")}\n`;
}

function changes(report: Report): string[] {
  if (!report.changes) return [];
  const rows = areas(report.changes).flatMap(({ area, changed }) =>
    changed.map((change) => [area, change.what, ...changeTexts(change)]),
  );
  return [
    `## What changed since ${report.champion?.release ?? "the served release"}`,
    rows.length > 0 ? table(["", "what", "before", "now"], rows) : "Nothing that a release is made of.",
  ];
}

/** Text that cannot break out of a cell. */
const cell = (text: string) => text.replace(/\s+/g, " ").replace(/([\\|<>`*_[\]])/g, "\\$1");

const table = (head: string[], rows: string[][]) =>
  [
    head,
    head.map(() => "---"),
    ...rows.map((row) => row.map((text) => (text === "**failed**" ? text : cell(text)))),
  ]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
