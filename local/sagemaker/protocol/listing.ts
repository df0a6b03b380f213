import { validationException } from "./errors";

/** What all of SageMaker's List operations take, each a part of it. Times are seconds since 1970. */
export interface ListInput {
  NextToken?: string;
  MaxResults?: number;
  NameContains?: string;
  StatusEquals?: string;
  SortBy?: string;
  SortOrder?: string;
  CreationTimeAfter?: number | string;
  CreationTimeBefore?: number | string;
  LastModifiedTimeAfter?: number | string;
  LastModifiedTimeBefore?: number | string;
}

/** What filters and sorting look at. */
export interface ListKeys {
  name: string;
  status?: string;
  creationTime: number;
  lastModifiedTime?: number;
}

const defaultPageSize = 10;

/**
 * One page of `items` that the filters of `input` let through, in the order asked for.
 * The token names the last item, so that what is created or deleted meanwhile neither repeats nor hides another.
 * @throws AwsError when the token is none of ours.
 */
export function listPage<T>(
  items: T[],
  input: ListInput,
  keysOf: (item: T) => ListKeys,
  defaultOrder: "Ascending" | "Descending",
): { page: T[]; NextToken?: string } {
  const direction = (input.SortOrder ?? defaultOrder) === "Ascending" ? 1 : -1;
  const sortValue = sortValueOf(input.SortBy ?? "CreationTime");
  const compare = (a: ListKeys, b: ListKeys) =>
    direction * (order(sortValue(a), sortValue(b)) || order(a.name, b.name));
  const after = input.NextToken === undefined ? undefined : decode(input.NextToken);
  const rest = items
    .map((item) => ({ item, keys: keysOf(item) }))
    .filter(({ keys }) => passes(keys, input))
    .filter(({ keys }) => after === undefined || compare(keys, after) > 0)
    .sort((a, b) => compare(a.keys, b.keys));
  const page = rest.slice(0, input.MaxResults ?? defaultPageSize);
  const last = page.at(-1);
  return {
    page: page.map(({ item }) => item),
    ...(last && rest.length > page.length ? { NextToken: encode(last.keys) } : {}),
  };
}

function passes(keys: ListKeys, input: ListInput): boolean {
  const modified = keys.lastModifiedTime ?? keys.creationTime;
  return (
    (input.NameContains === undefined ||
      keys.name.toLowerCase().includes(input.NameContains.toLowerCase())) &&
    (input.StatusEquals === undefined || keys.status === input.StatusEquals) &&
    keys.creationTime > seconds(input.CreationTimeAfter, -Infinity) &&
    keys.creationTime < seconds(input.CreationTimeBefore, Infinity) &&
    modified > seconds(input.LastModifiedTimeAfter, -Infinity) &&
    modified < seconds(input.LastModifiedTimeBefore, Infinity)
  );
}

function seconds(time: number | string | undefined, otherwise: number): number {
  if (time === undefined) return otherwise;
  return typeof time === "number" ? time : Date.parse(time) / 1000;
}

function sortValueOf(sortBy: string): (keys: ListKeys) => string | number {
  if (sortBy === "Name") return (keys) => keys.name;
  if (sortBy === "Status") return (keys) => keys.status ?? "";
  return (keys) => keys.creationTime;
}

const order = <V extends string | number>(a: V, b: V) => (a < b ? -1 : a > b ? 1 : 0);
const encode = (keys: ListKeys) => Buffer.from(JSON.stringify(keys)).toString("base64url");

function decode(token: string): ListKeys {
  try {
    const keys = JSON.parse(Buffer.from(token, "base64url").toString()) as ListKeys;
    if (typeof keys.name === "string" && typeof keys.creationTime === "number") return keys;
  } catch {
    // falls through: not one of ours
  }
  throw validationException("Invalid pagination token.");
}
