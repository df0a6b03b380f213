import { type RecordSchema } from "../shared/schema";
import { type Column, type Kind } from "./database";

/** A column as it is read: JSON of one value of it, which is not null. */
export interface Encoded {
  name: string;
  toJson(text: string): string;
}

const fits: Record<Kind, string[]> = {
  number: ["number", "integer"],
  boolean: ["boolean"],
  time: ["string"],
  date: ["string"],
  text: ["string"],
  null: ["null"],
};

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const secondsLength = "YYYY-MM-DD HH:MM:SS".length;
const isTime = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/;

const encoders: Record<Kind, (text: string) => string> = {
  // Digit by digit as the database has it; NaN and Infinity are no numbers to JSON, and become a row's fault.
  number: (text) => (jsonNumber.test(text) ? text : JSON.stringify(text)),
  boolean: (text) => (/^(t|1)$/.test(text) ? "true" : "false"),
  time: (text) => JSON.stringify(isTime.test(text) ? text.slice(0, secondsLength) : text),
  date: JSON.stringify,
  text: JSON.stringify,
  null: () => "null",
};

export interface Found {
  columns: Encoded[];
  faults: string[];
}

/**
 * Which of the columns that are there are read, and what is wrong with them.
 * @param isQuery a query is written for this purpose: it gives what schema.json declares and nothing else, beside the
 *   watermark. A table may have any other columns, which are left alone.
 * @param before names of the columns that the last run read.
 */
export function chooseColumns(
  there: Column[],
  schema: RecordSchema,
  options: { isQuery: boolean; watermark: string; before?: string[] },
): Found {
  const names = there.map(({ name }) => name);
  const has = `it has ${names.join(", ")}`;
  const faults: string[] = [];
  const columns: Encoded[] = [];
  for (const [name, field] of Object.entries(schema.properties)) {
    const column = there.find((each) => each.name === name);
    const types = [field.type].flat();
    if (!column) {
      if (schema.required.includes(name))
        faults.push(`the column ${name}, which schema.json requires, is missing (${has})`);
      else if (options.before?.includes(name))
        faults.push(`the column ${name}, which the last run read, is gone (${has})`);
      continue;
    }
    const kind = kindAs(column, types);
    if (kind) columns.push({ name, toJson: encoders[kind] });
    else
      faults.push(
        `the column ${name} is ${column.type} in the database, but ${types.join(" or ")} in schema.json`,
      );
  }
  if (options.isQuery) {
    const unknown = names.filter((name) => !(name in schema.properties) && name !== options.watermark);
    for (const name of unknown)
      faults.push(`the query gives a column ${name}, which schema.json does not declare`);
  }
  return { columns, faults };
}

/** The kind to read the column as, or undefined when schema.json wants another type. A `tinyint(1)` may be either. */
function kindAs(column: Column, types: string[]): Kind | undefined {
  const isEither = column.kind === "boolean" && column.type === "tiny";
  const kinds: Kind[] = isEither ? ["boolean", "number"] : [column.kind];
  return kinds.find((kind) => fits[kind].some((type) => types.includes(type)));
}
