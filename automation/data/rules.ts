import { type FieldSchema, type RecordSchema } from "../../handlers/shared/schema";

/** One rule of `schema.json` for one field, as SQL. */
export interface FieldRule {
  field: string;
  /** Completes the sentence "<field> ...": the words of the container's own validation. */
  rule: string;
  /** True for a row that breaks the rule, given that it breaks none of the field's earlier ones. */
  broken: string;
}

/** How a table of cells (texts, null for empty) becomes a table of records. */
export interface RecordSql {
  /** Columns of a record, quoted, in the order of `schema.json`. */
  columns: string[];
  /** The cells of those columns as their types. */
  typed: string[];
  rules: FieldRule[];
}

const nouns: Record<string, string> = {
  string: "a string",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
};
const sqlTypes: Record<string, string> = { number: "DOUBLE", integer: "BIGINT", boolean: "BOOLEAN" };
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

/**
 * The schema as SQL of DuckDB. A cell is text; of fields with the role `ignore` nothing is asked, as the container asks
 * nothing of them, but numbers are written in one way.
 */
export function recordSql(schema: RecordSchema): RecordSql {
  const fields = Object.entries(schema.properties);
  return {
    columns: fields.map(([name]) => identifier(name)),
    typed: fields.map(([name, field]) => typed(identifier(name), field)),
    rules: fields.flatMap(([name, field]) =>
      field["x-role"] === "ignore" ? [] : fieldRules(name, field, schema.required.includes(name)),
    ),
  };
}

const typeOf = (field: FieldSchema) => [field.type].flat().find((type) => type !== "null") ?? "string";

function typed(cell: string, field: FieldSchema): string {
  const type = sqlTypes[typeOf(field)];
  if (!type) return cell;
  const value = `TRY_CAST(${cell} AS ${type})`;
  return field["x-role"] === "ignore"
    ? `COALESCE(CAST(${value} AS VARCHAR), ${cell}) AS ${cell}`
    : `${value} AS ${cell}`;
}

type Rule = [rule: string, broken: string];

function fieldRules(name: string, field: FieldSchema, required: boolean): FieldRule[] {
  const cell = identifier(name);
  const missing: Rule[] = required && !isNullable(field) ? [["is required", `${cell} IS NULL`]] : [];
  const type = typeOf(field);
  const found =
    type === "number" || type === "integer"
      ? numberRules(cell, field)
      : type === "boolean"
        ? [[typeRule(field), `${cell} NOT IN ('true', 'false')`] as Rule]
        : textRules(cell, field);
  return [...missing, ...found].map(([rule, broken]) => ({ field: name, rule, broken }));
}

function numberRules(cell: string, field: FieldSchema): Rule[] {
  const value = `TRY_CAST(${cell} AS DOUBLE)`;
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

function textRules(cell: string, field: FieldSchema): Rule[] {
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
    const broken = `${cell} IS NOT NULL AND TRY_CAST(${cell} AS TIMESTAMP) IS NULL`;
    rules.push(["must be a date and time that exists", broken]);
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
