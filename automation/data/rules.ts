import { type FieldSchema, type RecordSchema } from "../../handlers/shared/schema";

/** One rule of `schema.json` for one field, as SQL. */
export interface FieldRule {
  field: string;
  /** Completes the sentence "<field> ...": the words of the container's own validation. */
  rule: string;
  /** True for a row that breaks the rule, given that it breaks none of the field's earlier ones. */
  broken: string;
}

/** How a table of cells (texts, null for empty) is checked. */
export interface RecordSql {
  /** Columns of a record, quoted, in the order of `schema.json`. */
  columns: string[];
  /** The cells of numbers and times as their types: columns that are named by `valueOf`, which rules compare. */
  values: string[];
  rules: FieldRule[];
}

const nouns: Record<string, string> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
};
const bounds: Record<string, [string, string]> = {
  minimum: ["<", "at least"],
  exclusiveMinimum: ["<=", "greater than"],
  maximum: [">", "at most"],
  exclusiveMaximum: [">=", "less than"],
};
const lengths: Record<string, [string, string]> = {
  minLength: ["<", "at least"],
  maxLength: [">", "at most"],
};

export const identifier = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The column of a field's value: null for a cell that is no number, or no time. */
export const valueOf = (name: string) => identifier(`value of ${name}`);

/**
 * The schema as SQL of DuckDB. A cell is text; of fields with the role `ignore` nothing is asked, as the container asks
 * nothing of them.
 */
export function recordSql(schema: RecordSchema): RecordSql {
  const fields = Object.entries(schema.properties);
  return {
    columns: fields.map(([name]) => identifier(name)),
    values: fields.flatMap(([name, field]) => {
      const type = valueType(field);
      return type ? [`TRY_CAST(${identifier(name)} AS ${type}) AS ${valueOf(name)}`] : [];
    }),
    rules: fields.flatMap(([name, field]) =>
      field["x-role"] === "ignore" ? [] : fieldRules(name, field, schema.required.includes(name)),
    ),
  };
}

export const typeOf = (field: FieldSchema) => [field.type].flat().find((type) => type !== "null") ?? "string";

function valueType(field: FieldSchema): string | undefined {
  if (field["x-role"] === "time") return "TIMESTAMP";
  return ["number", "integer"].includes(typeOf(field)) ? "DOUBLE" : undefined;
}

type Rule = [rule: string, broken: string];

function fieldRules(name: string, field: FieldSchema, required: boolean): FieldRule[] {
  const cell = identifier(name);
  const missing: Rule[] = required && !isNullable(field) ? [["is required", `${cell} IS NULL`]] : [];
  const type = typeOf(field);
  const found =
    type === "number" || type === "integer"
      ? numberRules(cell, valueOf(name), field)
      : type === "boolean"
        ? [[typeRule(field), `${cell} NOT IN ('true', 'false')`] as Rule]
        : textRules(cell, valueOf(name), field);
  return [...missing, ...found].map(([rule, broken]) => ({ field: name, rule, broken }));
}

function numberRules(cell: string, value: string, field: FieldSchema): Rule[] {
  return [
    [typeRule(field), `${cell} IS NOT NULL AND ${value} IS NULL`],
    ["must be a finite number", `NOT isfinite(${value})`],
    ...(typeOf(field) === "integer" ? [[typeRule(field), `${value} <> trunc(${value})`] as Rule] : []),
    ...limitsOf(field, bounds).map(({ limit, comparison, words }): Rule => [
      `must be ${words} ${limit}`,
      `${value} ${comparison} ${limit}`,
    ]),
  ];
}

function textRules(cell: string, value: string, field: FieldSchema): Rule[] {
  const rules: Rule[] = limitsOf(field, lengths).map(({ limit, comparison, words }) => [
    `must have ${words} ${limit} characters`,
    `length(${cell}) ${comparison} ${limit}`,
  ]);
  if (field.enum) {
    const values = enumOf(field).filter((value) => value !== null);
    rules.unshift([typeRule(field), `${cell} NOT IN (${values.map(literal).join(", ")})`]);
  }
  if (typeof field.pattern === "string") {
    const isTime = field["x-role"] === "time";
    const rule = isTime
      ? `must be a date and time like ${String(field.examples?.[0])}`
      : `must match the pattern ${field.pattern}`;
    rules.push([rule, `NOT regexp_matches(${cell}, ${literal(re2(field.pattern))})`]);
  }
  if (field["x-role"] === "time") {
    rules.push(["must be a date and time that exists", `${cell} IS NOT NULL AND ${value} IS NULL`]);
  }
  return rules;
}

function limitsOf(field: FieldSchema, keywords: Record<string, [string, string]>) {
  return Object.entries(keywords).flatMap(([keyword, [comparison, words]]) => {
    const limit = field[keyword];
    return typeof limit === "number" ? [{ limit, comparison, words }] : [];
  });
}

const isNullable = (field: FieldSchema) => [field.type].flat().includes("null");
const enumOf = (field: FieldSchema) => field.enum as (string | null)[];
const typeRule = (field: FieldSchema) =>
  field.enum
    ? `must be one of ${enumOf(field)
        .map((value) => value ?? "null")
        .join(", ")}`
    : `must be ${nouns[typeOf(field)]}${isNullable(field) ? " or null" : ""}`;

/** A pattern of JSON Schema (ECMA-262) in RE2's spelling, which is DuckDB's: only the code points differ. */
const re2 = (pattern: string) => pattern.replace(/\\u\{?([0-9a-fA-F]{1,6})\}?/g, "\\x{$1}");
