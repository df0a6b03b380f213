import { html, raw } from "hono/html";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type JudgedRow } from "../rows";
import { type Chart, charts } from "./charts";
import { type Report } from "./report";
import { circumstances, details, figures, type Section, type Table } from "./sections";

/**
 * The report as one page that needs nothing else: no script, no file beside it, no network. All text in it is escaped.
 * @param rows what the pictures are drawn from.
 */
export async function page(report: Report, rows: JudgedRow[]): Promise<string> {
  const style = readFileSync(join(__dirname, "page.css"), "utf8");
  const { release, headline, decision } = report;
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
            <p class="muted">${circumstances(report)}</p>
          </header>
          ${checks(report)} ${figures(report).map(section)} ${drawn.length > 0 ? pictures(drawn) : ""}
          ${details(report).map(section)}
        </main>
      </body>
    </html>`;
  return (await document).toString();
}

const checks = (report: Report) =>
  html`<section>
    <h2>Checks</h2>
    <ul class="checks">
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
    </ul>
  </section>`;

const section = ({ title, paragraphs = [], tables }: Section) =>
  html`<section>
    <h2>${title}</h2>
    ${paragraphs.map((text) => html`<p>${text}</p>`)} ${tables.map(table)}
  </section>`;

const table = ({ head, rows, kind }: Table) =>
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

const pictures = (drawn: Chart[]) =>
  html`<section>
    <h2>Pictures</h2>
    <div class="charts">
      ${drawn.map(
        ({ title, caption, svg }) =>
          html`<figure role="group" aria-label="${title}">
            <h3>${title}</h3>
            ${raw(svg)}
            <figcaption>${caption}</figcaption>
          </figure>`,
      )}
    </div>
  </section>`;
