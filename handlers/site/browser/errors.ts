import { type Problem } from "./api";
import { byId } from "./page";
import { fieldControls } from "./record";

/** Marks the fields to blame and moves to the first; returns the errors that no field of the form has. */
export function markErrors(form: HTMLFormElement, errors: Problem["errors"]): Problem["errors"] {
  clearErrors(form);
  const controls = fieldControls(form);
  const known = new Set(controls.map(({ name }) => name));
  for (const { field, rule } of errors) if (known.has(field)) mark(`field-${field}`, `error-${field}`, rule);
  form.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  return errors.filter(({ field }) => !known.has(field));
}

/** Asks for the API key. */
export function markKey(message: string): void {
  mark("api-key", "api-key-error", message);
  byId("api-key").focus();
}

export function clearErrors(form: HTMLFormElement): void {
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  for (const message of form.querySelectorAll<HTMLElement>(".error")) message.hidden = true;
}

function mark(controlId: string, messageId: string, text: string): void {
  byId(controlId).setAttribute("aria-invalid", "true");
  const message = byId(messageId);
  message.textContent = text.charAt(0).toUpperCase() + text.slice(1);
  message.hidden = false;
}
