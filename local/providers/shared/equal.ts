import { isDeepStrictEqual } from "node:util";
import { asAsset, isObject } from "./values";
import { type Rule } from "./resource";

/** Do the two values mean the same to AWS, for a property that `rule` describes? */
export function sameMeaning(a: unknown, b: unknown, rule: Rule = {}): boolean {
  return isDeepStrictEqual(canonical(a, rule), canonical(b, rule));
}

/** One form for all ways of writing a value: no empty parts, JSON parsed, sets sorted, assets by their hash. */
function canonical(value: unknown, rule: Rule): unknown {
  const parsed = rule.json ? parseJson(value) : value;
  const clean = rule.json === "policy" ? canonicalPolicy(parsed) : withoutEmpty(parsed);
  return rule.set && Array.isArray(clean) ? sorted(clean) : clean;
}

/** Like Terraform's providers: an absent value, false, "" and an empty list or map are all the same. */
function withoutEmpty(value: unknown): unknown {
  const asset = asAsset(value);
  if (asset) return { hash: asset.hash };
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(withoutEmpty);
  if (!isObject(value)) return value === null || value === "" || value === false ? undefined : value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, withoutEmpty(item)] as const)
    .filter(([, item]) => item !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/**
 * A policy document in which "x" and ["x"] are the same and lists have no order, as IAM reads them
 * (hashicorp/awspolicyequivalence does the same in the real provider).
 */
function canonicalPolicy(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(canonicalPolicy);
    return items.length === 1 ? items[0] : sorted(items);
  }
  if (!isObject(value)) return typeof value === "boolean" ? String(value) : value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, canonicalPolicy(item)]));
}

function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value; // not (yet) JSON: compared as text
  }
}

const sorted = (items: unknown[]) =>
  [...items].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));

/** A text that is the same for equal values, whatever the order of their keys. */
function key(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(key).join()}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? "";
  const entries = Object.entries(value).map(([name, item]) => `${name}:${key(item)}`);
  return `{${entries.sort().join()}}`;
}
