import { AwsError, validationException } from "./errors";
import type { ServiceModel, Shape } from "./service-model";

/**
 * Checks an input against its shape: required members, types, lengths, ranges, patterns, enumerations.
 * @throws AwsError: ValidationException that lists every violation in AWS's words; SerializationException for a wrong type.
 */
export function validate(model: ServiceModel, shapeName: string, input: unknown): void {
  const violations: string[] = [];
  new Check(model, violations).value(model.shape(shapeName), input, "");
  if (violations.length === 0) return;
  const heading = `${violations.length} validation error${violations.length > 1 ? "s" : ""} detected: `;
  throw validationException(heading + violations.join("; "));
}

class Check {
  constructor(
    private readonly model: ServiceModel,
    private readonly violations: string[],
  ) {}

  value(shape: Shape, value: unknown, path: string): void {
    requireType(shape, value);
    if (shape.type === "structure") this.structure(shape, value as Record<string, unknown>, path);
    else if (shape.type === "list") this.list(shape, value as unknown[], path);
    else if (shape.type === "map") this.map(shape, value as Record<string, unknown>, path);
    else
      for (const constraint of brokenConstraints(shape, value)) this.report(shape, value, path, constraint);
  }

  private structure(shape: Shape, value: Record<string, unknown>, path: string): void {
    for (const name of shape.required ?? []) {
      if (value[name] === undefined || value[name] === null) {
        this.violations.push(violation("null", join(path, name), "Member must not be null"));
      }
    }
    for (const [name, member] of Object.entries(value)) {
      const target = shape.members?.[name];
      // AWS ignores members that it does not know.
      if (!target || member === null || member === undefined) continue;
      this.value(this.model.shape(target.shape), member, join(path, name));
    }
  }

  private list(shape: Shape, value: unknown[], path: string): void {
    for (const constraint of brokenLength(shape, value.length)) this.report(shape, value, path, constraint);
    const member = this.model.shape(shape.member?.shape ?? "");
    if (isContainer(member)) {
      value.forEach((item, index) => this.value(member, item, `${path}.${index + 1}.member`));
      return;
    }
    value.forEach((item) => requireType(member, item));
    if (value.some((item) => brokenConstraints(member, item).length > 0)) {
      this.report(shape, value, path, `Member must satisfy constraint: ${listed(constraints(member))}`);
    }
  }

  private map(shape: Shape, value: Record<string, unknown>, path: string): void {
    const entries = Object.entries(value);
    for (const constraint of brokenLength(shape, entries.length)) this.report(shape, value, path, constraint);
    const keyShape = this.model.shape(shape.key?.shape ?? "");
    const valueShape = this.model.shape(shape.value?.shape ?? "");
    if (entries.some(([key]) => brokenConstraints(keyShape, key).length > 0)) {
      this.report(shape, value, path, `Map keys must satisfy constraint: ${listed(constraints(keyShape))}`);
    }
    if (isContainer(valueShape)) {
      for (const [key, item] of entries) this.value(valueShape, item, `${path}.${key}.member`);
      return;
    }
    entries.forEach(([, item]) => requireType(valueShape, item));
    if (entries.some(([, item]) => brokenConstraints(valueShape, item).length > 0)) {
      this.report(
        shape,
        value,
        path,
        `Map value must satisfy constraint: ${listed(constraints(valueShape))}`,
      );
    }
  }

  private report(shape: Shape, value: unknown, path: string, constraint: string): void {
    this.violations.push(violation(shape.sensitive ? "'***'" : `'${shown(value)}'`, path, constraint));
  }
}

const isContainer = (shape: Shape) => ["structure", "list", "map"].includes(shape.type);
const listed = (items: string[]) => `[${items.join(", ")}]`;
const violation = (value: string, path: string, constraint: string) =>
  `Value ${value} at '${path}' failed to satisfy constraint: ${constraint}`;

/** AWS names members in lower camel case there, whatever the wire says. */
const join = (path: string, name: string) =>
  (path ? `${path}.` : "") + name.charAt(0).toLowerCase() + name.slice(1);

function shown(value: unknown): string {
  if (Array.isArray(value)) return listed(value.map(shown));
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${shown(item)}`)
      .join(", ")}}`;
  }
  return String(value);
}

const lengthConstraint = (bound: number, direction: "less" | "greater") =>
  `Member must have length ${direction} than or equal to ${bound}`;
const valueConstraint = (bound: number, direction: "less" | "greater") =>
  `Member must have value ${direction} than or equal to ${bound}`;
const patternConstraint = (pattern: string) => `Member must satisfy regular expression pattern: ${pattern}`;
const enumConstraint = (values: string[]) => `Member must satisfy enum value set: ${listed(values)}`;

/** All that a simple shape asks of a value. */
function constraints(shape: Shape): string[] {
  const bound = shape.type === "string" ? lengthConstraint : valueConstraint;
  return [
    ...(shape.max === undefined ? [] : [bound(shape.max, "less")]),
    ...(shape.min === undefined ? [] : [bound(shape.min, "greater")]),
    ...(shape.pattern === undefined ? [] : [patternConstraint(shape.pattern)]),
    ...(shape.enum === undefined ? [] : [enumConstraint(shape.enum)]),
  ];
}

function brokenConstraints(shape: Shape, value: unknown): string[] {
  if (typeof value === "number" && shape.type !== "timestamp")
    return brokenBounds(shape, value, valueConstraint);
  if (typeof value !== "string" || shape.type !== "string") return [];
  if (shape.enum) return shape.enum.includes(value) ? [] : [enumConstraint(shape.enum)];
  const matches = shape.pattern === undefined || (regularExpression(shape.pattern)?.test(value) ?? true);
  return [...brokenLength(shape, value.length), ...(matches ? [] : [patternConstraint(shape.pattern ?? "")])];
}

const brokenLength = (shape: Shape, length: number) => brokenBounds(shape, length, lengthConstraint);

function brokenBounds(shape: Shape, actual: number, words: typeof lengthConstraint): string[] {
  return [
    ...(shape.max !== undefined && actual > shape.max ? [words(shape.max, "less")] : []),
    ...(shape.min !== undefined && actual < shape.min ? [words(shape.min, "greater")] : []),
  ];
}

const compiled = new Map<string, RegExp | undefined>();

/** AWS writes Java patterns (`\p{Print}` is ASCII there) that must match the whole value; undefined for one that JavaScript cannot read. */
function regularExpression(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern));
  return compiled.get(pattern);
}

function compile(java: string): RegExp | undefined {
  // \A and \z are begin and end
  const pattern = java.replace(/^\\A|\\z$/g, "").replace(/\[?\\p\{Print\}\]?/g, "[ -~]");
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(`^(?:${pattern})$`, flags);
    } catch {
      continue; // e.g. an escape that only the other mode knows
    }
  }
  return undefined;
}

const typeNames: Record<Shape["type"], string> = {
  structure: "Structure",
  list: "List",
  map: "Map",
  string: "String",
  integer: "Integer",
  long: "Long",
  float: "Float",
  double: "Double",
  boolean: "Boolean",
  timestamp: "Timestamp",
  blob: "Blob",
};

function requireType(shape: Shape, value: unknown): void {
  if (hasType(shape.type, value)) return;
  throw new AwsError(
    "SerializationException",
    `${tokenName(value)} can not be converted to a ${typeNames[shape.type]}`,
  );
}

function hasType(type: Shape["type"], value: unknown): boolean {
  switch (type) {
    case "structure":
    case "map":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "list":
      return Array.isArray(value);
    case "string":
    case "blob":
      return typeof value === "string";
    case "integer":
    case "long":
      return Number.isInteger(value);
    case "float":
    case "double":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "timestamp":
      return typeof value === "number" || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
  }
}

function tokenName(value: unknown): string {
  if (value === null) return "NULL_VALUE";
  if (Array.isArray(value)) return "START_ARRAY";
  if (typeof value === "boolean") return value ? "TRUE_VALUE" : "FALSE_VALUE";
  return { string: "STRING_VALUE", number: "NUMBER_VALUE" }[typeof value as string] ?? "START_OBJECT";
}
