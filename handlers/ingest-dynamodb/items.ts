import { StringDecoder } from "node:string_decoder";
import { Unfit } from "../shared/landing/shape";
import { type RecordSchema } from "../shared/schema";

/** A value as DynamoDB writes it: one key, which is its type, such as `{"N": "12.5"}`. */
export type AttributeValue = Record<string, unknown>;
export type Item = Record<string, AttributeValue>;

/** What the attributes of an item become: by attribute the schema's field, or null for one that is left out. */
export type Attributes = Record<string, string | null>;

/** What went through `plainLines`. */
export interface Seen {
  items: number;
  /** Lines that tell of a deletion, and become none. */
  deletions: number;
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** How many items say which fields the items of a file have. */
const sampleSize = 1000;

/**
 * A DynamoDB value as JSON text. Numbers keep every digit, as DynamoDB has up to 38. A number is a text where
 * `types` (of schema.json) has only texts, and a text that is a number is one where it has only numbers.
 */
export function toJson(value: AttributeValue, types: string[] = []): string {
  const [[type, content] = ["NULL", true]] = Object.entries(value);
  const isNumber = types.includes("number") || types.includes("integer");
  switch (type) {
    case "N":
      return types.includes("string") && !isNumber ? JSON.stringify(content) : numberText(content as string);
    case "S":
      return isNumber && !types.includes("string") ? numberText(content as string) : JSON.stringify(content);
    case "NULL":
      return "null";
    case "L":
      return `[${(content as AttributeValue[]).map((one) => toJson(one)).join()}]`;
    case "M":
      return objectText(content as Item);
    case "NS":
      return `[${(content as string[]).map(numberText).join()}]`;
    default: // BOOL, and base64 texts: B, SS, BS
      return JSON.stringify(content);
  }
}

const numberText = (text: string) => (jsonNumber.test(text) ? text : JSON.stringify(text));

const objectText = (item: Item) =>
  `{${Object.entries(item)
    .map(([name, value]) => `${JSON.stringify(name)}:${toJson(value)}`)
    .join()}}`;

/** Turns items into lines of plain JSON by the schema. */
export class Mapper {
  private readonly types: Map<string, string[]>;

  constructor(
    schema: RecordSchema,
    private readonly attributes: Attributes,
  ) {
    this.types = new Map(Object.entries(schema.properties).map(([name, { type }]) => [name, [type].flat()]));
  }

  /** The item under the names of the schema. */
  named(item: Item): Item {
    const entries = Object.entries(item).flatMap(([attribute, value]) => {
      const field = this.attributes[attribute];
      return field === null ? [] : [[field ?? attribute, value] as const];
    });
    return Object.fromEntries(entries);
  }

  /** The fields of the schema that at least one of the items has. */
  fieldsOf(items: Item[]): string[] {
    return [...this.types.keys()].filter((field) => items.some((item) => field in item));
  }

  /** One line of JSON, with null for each of `fields` that the item lacks: items need not have the same attributes. */
  line(item: Item, fields: string[]): string {
    const missing = fields
      .filter((field) => !(field in item))
      .map((field) => `${JSON.stringify(field)}:null`);
    const present = Object.entries(item).map(
      ([field, value]) => `${JSON.stringify(field)}:${toJson(value, this.types.get(field))}`,
    );
    return `{${[...present, ...missing].join()}}\n`;
  }
}

/**
 * The items of an export's data file (unzipped) as lines of plain JSON; an incremental one's as they are after the
 * change. Deleted items are counted in `seen`.
 * @throws Unfit that names the line which is no item of an export.
 */
export async function* plainLines(
  body: AsyncIterable<Buffer>,
  mapper: Mapper,
  seen: Seen,
): AsyncGenerator<string> {
  let sample: Item[] | undefined = [];
  let fields: string[] = [];
  for await (const item of itemsOf(body, seen)) {
    const named = mapper.named(item);
    if (!sample) {
      yield mapper.line(named, fields);
      continue;
    }
    sample.push(named);
    if (sample.length < sampleSize) continue;
    fields = mapper.fieldsOf(sample);
    yield sample.map((one) => mapper.line(one, fields)).join("");
    sample = undefined;
  }
  if (!sample) return;
  fields = mapper.fieldsOf(sample);
  yield* sample.map((one) => mapper.line(one, fields));
}

async function* itemsOf(body: AsyncIterable<Buffer>, seen: Seen): AsyncGenerator<Item> {
  let number = 0;
  for await (const line of linesOf(body)) {
    number += 1;
    if (line === "") continue;
    const item = itemOf(line, number);
    if (!item) {
      seen.deletions += 1;
      continue;
    }
    seen.items += 1;
    yield item;
  }
}

// Not node:readline, whose iterator does not tell of an error of the stream below it.
async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of body) {
    const lines = (rest + decoder.write(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest) yield rest;
}

/** The item of one line; undefined when the line tells of a deletion. */
function itemOf(line: string, number: number): Item | undefined {
  try {
    const { Item: whole, NewImage: changed, Keys: keys } = JSON.parse(line) as Record<string, Item>;
    const item = whole ?? changed;
    if (item) return item;
    if (keys) return undefined;
  } catch {
    // said below
  }
  throw new Unfit(`has a line ${number} that is no item of a DynamoDB export: ${line.slice(0, 200)}`, number);
}
