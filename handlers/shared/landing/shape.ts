import { type RecordSchema } from "../schema";

/** An input that cannot be landed. The message says why, for people; `row` is counted from 1, the header not included. */
export class Unfit extends Error {
  override name = "Unfit";

  constructor(
    reason: string,
    readonly row?: number,
  ) {
    super(reason);
  }
}

/**
 * Compares the columns of an input with what `schema` declares: each required one must be there and none may be
 * unknown, so that a renamed optional column does not silently turn into nothing. model-image/slipway_model/tables.py
 * says the same of the CSV files that it reads.
 * @throws Unfit
 */
export function checkColumns(columns: string[], schema: RecordSchema): void {
  const has = `it has ${shorten(columns.join(", "))}`;
  for (const name of schema.required) {
    if (!columns.includes(name)) throw new Unfit(`has no column '${name}', which is required; ${has}`);
  }
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw new Unfit(`has the column '${shorten(twice)}' twice; ${has}`);
  const unknown = columns.find((name) => !Object.hasOwn(schema.properties, name));
  if (unknown !== undefined) {
    throw new Unfit(
      `has a column '${shorten(unknown)}' that schema.json does not declare: rename it, remove it, or declare it ` +
        "there (with x-role ignore when it is not used)",
    );
  }
}

/** Names of columns are as long as who wrote the file likes; a message is read by people. */
const shorten = (text: string) => (text.length > 400 ? `${text.slice(0, 400)}...` : text);
