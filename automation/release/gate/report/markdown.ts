import { plain, table } from "../../../markdown";
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
  return `${[`# ${plain(report.headline)}`, plain(circumstances(report)), ...sections].join("\n\n")}\n`;
}

const sectionText = ({ title, paragraphs = [], tables }: Section) =>
  [`## ${plain(title)}`, ...paragraphs.map(plain), ...tables.map(tableText)].join("\n\n");

const tableText = ({ head, rows }: Table) =>
  table(
    head.map(plain),
    rows.map((row) => row.map(plain)),
  );
