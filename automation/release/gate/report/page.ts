import { readFileSync } from "node:fs";
import { join } from "node:path";
import { html, raw } from "hono/html";
import { whole } from "../../../../handlers/publish/figures";
import { sliceName } from "../measure";
import { errorText } from "../problem";
import { type JudgedRow } from "../rows";
import { type Chart, charts } from "./charts";
import { type Report } from "./report";
import { areas, changeTexts, figureRows } from "./words";

type Html = ReturnType<typeof html>;

/**
 * The report as one page that needs nothing else: no script, no file beside it, no network. All text in it is escaped.
 * @param rows what the pictures are drawn from.
 */
export async function page(report: Report, rows: JudgedRow[]): Promise<string> {
  const style = readFileSync(join(__dirname, "page.css"), "utf8");
  const { release, stack, headline, decision, at } = report;
  const drawn = await charts(report, rows);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${release}: ${decision}</title>
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <header class="${decision}">
            <p class="verdict">${decision}</p>
            <h1>${headline}</h1>
            <p class="muted">Stack ${stack}, ${at.slice(0, 16).replace("T", " ")} UTC. ${served(report)}</p>
          </header>
          ${checks(report)} ${figures(report)} ${drawn.length > 0 ? pictures(drawn) : ""} ${changes(report)}
          ${slices(report)} ${made(report)}
        </main>
      </body>
    </html>`;
  return (await document).toString();
}

function served({ champion }: Report): string {
  if (!champion) return "No release was served.";
  return champion.note
    ? `The served release is ${champion.release}; it is not compared with: ${champion.note}.`
    : `The served release is ${champion.release}.`;
}

const section = (title: string, content: Html | Html[]) =>
  html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;

const checks = (report: Report) =>
  section(
    "Checks",
    html`<ul class="checks">
      ${report.checks.map(
        ({ name, passed, explanation }) =>
          html`<li class="${passed ? "passed" : "failed"}">
            <span class="mark">${passed ? "passed" : "failed"}</span>
            <div>
              <strong>${name}</strong>
              <p>${explanation}</p>
            </div>
          </li>`,
      )}
    </ul>`,
  );

/** @param head one cell for each of a row's. The first column is text, the others are figures. */
const table = (head: string[], rows: string[][], kind = "figures") =>
  html`<div class="scroll">
    <table class="${kind}">
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([first, ...rest]) =>
            html`<tr>
              <th scope="row">${first}</th>
              ${rest.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

function figures(report: Report) {
  const rows = figureRows(report);
  if (rows.length === 0) return "";
  const compared = report.figures?.champion !== undefined;
  const shown = compared ? rows : rows.map((row) => row.slice(0, 2));
  const head = ["", "this release", ...(compared ? ["served"] : [])];
  const baselines = Object.entries(report.baselines).map(([name, value]) => [
    name,
    errorText(report.problem, value),
  ]);
  return section("Figures", [
    table(head, shown),
    table(["To compare: the error of simpler predictions", ""], baselines),
  ]);
}

const pictures = (drawn: Chart[]) =>
  section(
    "Pictures",
    html`<div class="charts">
      ${drawn.map(
        ({ title, caption, svg }) =>
          html`<figure role="group" aria-label="${title}">
            <h3>${title}</h3>
            ${raw(svg)}
            <figcaption>${caption}</figcaption>
          </figure>`,
      )}
    </div>`,
  );

function changes(report: Report) {
  if (!report.changes) return "";
  const title = `What changed since ${report.champion?.release ?? "the served release"}`;
  const rows = areas(report.changes).flatMap(({ area, changed }) =>
    changed.map((change) => [`${area}: ${change.what}`, ...changeTexts(change)]),
  );
  return section(
    title,
    rows.length > 0
      ? table(["", "before", "now"], rows, "texts")
      : html`<p>Nothing that a release is made of.</p>`,
  );
}

function slices(report: Report) {
  if (report.slices.length === 0) return "";
  const compared = report.figures?.champion !== undefined;
  const error = (value: number | undefined) => (value === undefined ? "" : errorText(report.problem, value));
  return section(
    "Slices",
    table(
      ["", "rows", "error", ...(compared ? ["error, served"] : [])],
      report.slices.map((slice) => [
        ...[sliceName(slice), whole(slice.challenger.rows), error(slice.challenger.error)],
        ...(compared ? [error(slice.champion?.error)] : []),
      ]),
    ),
  );
}

const made = ({ commit, image, snapshot, hyperparameters }: Report) =>
  section(
    "What it was made from",
    table(
      ["", ""],
      [
        ["commit", commit ?? "not in a git repository"],
        ["image", image],
        ["data snapshot", snapshot],
        ...Object.entries(hyperparameters),
      ],
      "texts",
    ),
  );
