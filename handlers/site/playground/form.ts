import { html } from "hono/html";
import { type Control, type Field, formFields } from "./fields";
import { type RecordSchema } from "../../shared/schema";

type Html = ReturnType<typeof html>;

/** The form for one record, with the API key and the button. The page's script sends it. */
export const form = (schema: RecordSchema, target: string): Html =>
  html`<form id="form" novalidate autocomplete="off" aria-labelledby="record-title">
    <div class="card">
      <h2 id="record-title">Describe the ${inSentence(schema.title)}</h2>
      <div class="fields">${formFields(schema).map(fieldRow)}</div>
    </div>
    <div class="card send">
      <div class="field">
        <label for="api-key">API key</label>
        <input
          id="api-key"
          type="password"
          spellcheck="false"
          aria-describedby="api-key-help api-key-error"
        />
        <p class="help" id="api-key-help">Kept in this browser tab only, and forgotten when you close it.</p>
        <p class="error" id="api-key-error" hidden></p>
      </div>
      <div class="buttons">
        <button type="submit" class="primary">Predict ${target}</button>
        <button type="reset">Start over</button>
      </div>
    </div>
  </form>`;

const fieldRow = (field: Field): Html => {
  const { name, label, help, unit, optional } = field;
  return html`<div class="field" data-field="${name}">
    <label for="field-${name}"
      >${label}${optional ? html` <span class="optional">optional</span>` : ""}</label
    >
    <div class="${unit ? "input with-unit" : "input"}">
      ${control(field)}${unit ? html`<span class="unit" id="unit-${name}">${unit}</span>` : ""}
    </div>
    <p class="help" id="help-${name}">${help}</p>
    <p class="error" id="error-${name}" hidden></p>
  </div>`;
};

function control({ name, unit, empty, optional, control }: Field): Html {
  const described = `${unit ? `unit-${name} ` : ""}help-${name} error-${name}`;
  if (control.kind === "choice") {
    return html`<select
      id="field-${name}"
      name="${name}"
      data-kind="choice"
      data-empty="${empty}"
      aria-describedby="${described}"
    >
      ${
        optional && !control.options.some(({ value }) => value === "null")
          ? html`<option value="">not known</option>`
          : ""
      }
      ${control.options.map(
        ({ value, label, selected }) =>
          html`<option value="${value}" ${selected ? "selected" : ""}>${label}</option>`,
      )}
    </select>`;
  }
  return html`<input
    id="field-${name}"
    name="${name}"
    value="${control.value}"
    data-kind="${control.kind}"
    data-empty="${empty}"
    aria-describedby="${described}"
    ${optional ? "" : "required"}
    ${attributes(control)}
  />`;
}

function attributes(control: Exclude<Control, { kind: "choice" }>): Html | string {
  switch (control.kind) {
    case "number": {
      const { min, max, step } = control;
      return html`type="number" inputmode="${step === "1" ? "numeric" : "decimal"}" step="${step}"
      ${min === undefined ? "" : html`min="${min}"`} ${max === undefined ? "" : html`max="${max}"`}`;
    }
    case "time":
      return html`type="${control.type}" step="1" data-separator="${control.separator}"`;
    case "text":
      return html`type="text" ${control.maxLength === undefined ? "" : html`maxlength="${control.maxLength}"`}`;
  }
}

/** A title within a sentence: `Taxi trip` as `taxi trip`, with the names in it as they are. */
const inSentence = (title: string): string => title.charAt(0).toLowerCase() + title.slice(1);
