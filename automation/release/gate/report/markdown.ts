import { type Report } from "./report";
import { circumstances, details, figures, type Section, type Table } from "./sections";

/** The report for a pull request, a terminal or a chat: all of it but the pictures. */
export function markdown(report: Report): string {
  const checks: Section = {
    title: "Checks",
    tables: [
      {
        kind: "texts",
        head: ["", "check", "what was found"],
        rows: report.checks.map(({ name, passed, explanation }) => [
          passed ? "passed" : "FAILED",
          name,
          explanation,
        ]),
      },
    ],
  };
  const sections = [checks, ...figures(report), ...details(report)].map(sectionText);
  return `${[`# ${cell(report.headline)}`, cell(circumstances(report)), ...sections].join("\n\n")}\n`;
}

const sectionText = ({ title, paragraphs = [], tables }: Section) =>
  [`## ${cell(title)}`, ...paragraphs.map(cell), ...tables.map(tableText)].join("\n\n");

const tableText = ({ head, rows }: Table) =>
  [head.map(cell), head.map(() => "---"), ...rows.map((row) => row.map(cell))]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");

/** Text that is nothing but text, in a cell or elsewhere. */
const cell = (text: string) => text.replace(/\s+/g, " ").replace(/([\\|<>`*_[\]])/g, "\\$1");
