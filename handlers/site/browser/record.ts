/** A control of the form for one field of the record. */
export type FieldControl = HTMLInputElement | HTMLSelectElement;

export const fieldControls = (form: HTMLFormElement): FieldControl[] => [
  ...form.querySelectorAll<FieldControl>("[data-kind]"),
];

/** The record that the form describes; empty fields are null or left out, as the schema has it. */
export function recordOf(form: HTMLFormElement): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const control of fieldControls(form)) {
    const value = valueOf(control);
    if (value !== undefined) record[control.name] = value;
    else if (control.dataset.empty === "null") record[control.name] = null;
  }
  return record;
}

function valueOf({ value, dataset, validity }: FieldControl): unknown {
  // What is no number has no value in the browser; the API must not take it for an empty field.
  if (validity.badInput) return "not a number";
  if (value === "") return undefined;
  if (dataset.kind === "number") return Number(value);
  if (dataset.kind === "choice") return JSON.parse(value);
  return dataset.kind === "time" ? value.replace("T", dataset.separator ?? "T") : value;
}
