import { validationException } from "../platform";

export interface PageInput {
  maxResults?: number;
  nextToken?: string;
}

/** One page of `items`; the token is where the next one begins. @throws AwsError when the token is none of ours. */
export function pageOf<T>(
  items: T[],
  { maxResults = 100, nextToken = "0" }: PageInput,
): { page: T[]; nextToken?: string } {
  if (!/^\d+$/.test(nextToken)) throw validationException("Invalid pagination token.");
  const end = Number(nextToken) + maxResults;
  return {
    page: items.slice(Number(nextToken), end),
    ...(end < items.length ? { nextToken: `${end}` } : {}),
  };
}
