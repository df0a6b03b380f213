import table from "./list-prices.json";

/** Hours that AWS counts for a month. */
export const hoursAMonth = 730;

/** Of when and where the prices are, to be said with each estimate. */
export const priceTable = {
  asOf: table.asOf,
  region: table.region,
  currency: table.currency,
  source: table.source,
};

/** What grows with use. */
export interface Use {
  per: string;
  /** US dollars; undefined when the price table does not have it. */
  dollars: number | undefined;
  /** What is taken for granted. */
  assuming: string;
}

/**
 * What an amount of several things costs, US dollars; undefined when the table does not have one of them.
 * @param parts a price's name, and how much of it one time takes.
 */
export function total(times: number, parts: [string, number][]): number | undefined {
  let sum = 0;
  for (const [name, quantity] of parts) {
    const price = priceOf(name);
    if (!price) return undefined;
    sum += price.dollars * quantity * times;
  }
  return sum;
}

/** A price, or undefined when the table has none of the name. */
export const priceOf = (name: string): { dollars: number; per: string } | undefined =>
  (table.prices as Record<string, { dollars: number; per: string }>)[name];
