import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { UserError } from "../errors";
import { type Schema, type SchemaField } from "../project";

/** One event as it is sent. */
export interface FeedEvent {
  /** JSON of one record, save when it is poison. */
  text: string;
  poison: boolean;
}

export interface EventOptions {
  /** Events a second: the feed's clock, which the records' times follow, moves on by it. */
  rate: number;
  /** Share of events that are not as schema.json wants them, 0 to 1. */
  poison: number;
  /** What the feed's clock says first, in milliseconds; without it, the time of this machine. */
  start?: number;
}

type Value = string | number | boolean | null;
type Row = Record<string, Value>;

const time = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?$/;

/** Times have no zone: they are counted as if they were UTC. */
const parseTime = (text: string) => Date.parse(`${text.replace(" ", "T")}Z`);
const formatTime = (milliseconds: number) =>
  new Date(milliseconds).toISOString().slice(0, 19).replace("T", " ");
const thisMachinesTime = () => Date.now() - new Date().getTimezoneOffset() * 60_000;

/**
 * The rows of a CSV file as events without end, over and over. Their times are moved to the feed's clock, all times of a
 * row by the same, so that no two events are the same.
 */
export function* eventsOf(file: string, schema: Schema, options: EventOptions): Generator<FeedEvent, never> {
  const timeField = Object.entries(schema.properties).find(([, field]) => field["x-role"] === "time")?.[0];
  if (timeField === undefined) {
    throw new UserError(
      "model-image/schema.json has no property with the x-role 'time', so replayed events could not be told apart. Give one that role.",
    );
  }
  const rows = distinctRows(file, schema, timeField);
  // A second has no more events than there are rows, or two of them would be the same.
  const perSecond = Math.min(options.rate, rows.length);
  const start = options.start ?? thisMachinesTime();
  for (let index = 0, spoiled = 0; ; index++) {
    const row = rows[index % rows.length]!;
    const now = start + Math.floor(index / perSecond) * 1000;
    const event = moved(row, now - parseTime(String(row[timeField])));
    const poison = Math.floor((index + 1) * options.poison) > Math.floor(index * options.poison);
    yield { text: poison ? spoil(event, schema, spoiled++) : JSON.stringify(event), poison };
  }
}

/** @throws UserError when the file is not what schema.json describes. */
function distinctRows(file: string, schema: Schema, timeField: string): Row[] {
  let table: Record<string, string>[];
  try {
    table = parse(readFileSync(file), { columns: true, bom: true });
  } catch (error) {
    throw new UserError(`${file} cannot be read as CSV: ${(error as Error).message}. Put it right.`);
  }
  const rows = new Map<string, Row>();
  for (const [index, texts] of table.entries()) {
    const row = typed(texts, schema);
    if (!time.test(String(row[timeField]))) {
      throw new UserError(
        `${file} has in row ${index + 1} the ${timeField} '${row[timeField]}': it must be a time like 2019-03-23 20:21:09.`,
      );
    }
    rows.set(JSON.stringify(moved(row, -parseTime(String(row[timeField])))), row);
  }
  if (rows.size === 0) throw new UserError(`${file} has no rows. Give the feed a file with some.`);
  return [...rows.values()];
}

/** The columns that schema.json knows, with the values that its types mean. */
function typed(texts: Record<string, string>, schema: Schema): Row {
  const entries = Object.entries(schema.properties).flatMap(([name, field]) => {
    const text = texts[name];
    if (text === undefined) return [];
    return [[name, valueOf(text, field)] as const];
  });
  return Object.fromEntries(entries);
}

function valueOf(text: string, { type }: SchemaField): Value {
  const types = [type].flat();
  if (text === "" && types.includes("null")) return null;
  if (types.includes("number") || types.includes("integer")) return Number(text);
  return types.includes("boolean") ? text === "true" : text;
}

function moved(row: Row, by: number): Row {
  const entries = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === "string" && time.test(value) ? formatTime(parseTime(value) + by) : value,
  ]);
  return Object.fromEntries(entries) as Row;
}

/** What producers get wrong, in turn. */
function spoil(row: Row, schema: Schema, turn: number): string {
  const number = Object.entries(schema.properties).find(([, { type }]) => type === "number")?.[0] ?? "value";
  const text = JSON.stringify(row);
  const kinds = [
    text.slice(0, -5),
    JSON.stringify({ ...row, [number]: "much" }),
    JSON.stringify({ ...row, surplus: true }),
    `[${text}]`,
    JSON.stringify({ ...row, [number]: -1 }),
  ];
  return kinds[turn % kinds.length]!;
}
