import { html } from "hono/html";
import { intervalDrawing, probabilityBars } from "../playground/drawing";
import { figureOf } from "../playground/figure";
import { type Answer, type Prediction, type Problem } from "./api";
import { byId, show } from "./page";

const outcome = byId("outcome");
const { target = "", unit: targetUnit = "" } = document.body.dataset;
let shownAnswer: Answer | undefined;

/** Shows a prediction. */
export function showAnswer(answer: Answer): Promise<void> {
  shownAnswer = answer;
  const { prediction, release, requestId, milliseconds } = answer;
  return show(
    outcome,
    html`${prediction.probabilities ? classes(prediction) : number(prediction)}
      <dl class="facts">
        <div>
          <dt>Release</dt>
          <dd>${release}</dd>
        </div>
        <div>
          <dt>Answered in</dt>
          <dd>${milliseconds} ms</dd>
        </div>
        <div>
          <dt>Request id</dt>
          <dd>${requestId}</dd>
        </div>
      </dl>`,
  );
}

function number({ value, lower, upper, unit = targetUnit }: Prediction) {
  const shown = figureOf(unit);
  const range = html`<p class="range">
    Most likely between <b>${shown(lower)}</b> and <b>${shown(upper)}</b>
  </p>`;
  return html`<p class="value">
      <span class="visually-hidden">The ${target} is </span>${shown(Number(value))}
    </p>
    ${range} ${intervalDrawing({ value: Number(value), lower, upper }, outcome.clientWidth, shown)}`;
}

const classes = ({ value, probabilities = {} }: Prediction) =>
  html`<p class="value"><span class="visually-hidden">The ${target} is </span>${value}</p>
    ${probabilityBars(probabilities)}`;

/** Shows what went wrong; `unplaced` are errors that no field of the form has. */
export function showProblem(problem: Problem, unplaced: Problem["errors"]): Promise<void> {
  shownAnswer = undefined;
  const { title, detail, retryAfter, requestId, errors } = problem;
  const atFields = errors.length - unplaced.length;
  return show(
    outcome,
    html`<div class="problem ${problem.status === 503 || problem.status === 429 ? "passing" : ""}">
      <p class="title">${title}</p>
      ${
        atFields > 0
          ? html`<p>
              ${atFields === 1 ? "The field is marked" : `${atFields} fields are marked`} in the form.
            </p>`
          : html`<p>${detail}</p>`
      }
      ${unplaced.map(({ field, rule }) => html`<p>${field} ${rule}</p>`)}
      ${retryAfter ? html`<p>Try again in ${retryAfter === 1 ? "a second" : `${retryAfter} seconds`}.</p>` : ""}
      ${requestId ? html`<p class="help">Request id ${requestId}</p>` : ""}
    </div>`,
  );
}

/** Back to the page's first words. */
export function showHint(): Promise<void> {
  shownAnswer = undefined;
  return show(outcome, html`<p class="hint">Describe a record, then ask for its ${target}.</p>`);
}

// The drawing is made for the width that it has.
let drawnWidth = outcome.clientWidth;
new ResizeObserver(() => {
  if (shownAnswer && outcome.clientWidth !== drawnWidth) void showAnswer(shownAnswer);
  drawnWidth = outcome.clientWidth;
}).observe(outcome);
