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

/** A price, or undefined when the table has none of the name. */
export const priceOf = (name: string): { dollars: number; per: string } | undefined =>
  (table.prices as Record<string, { dollars: number; per: string }>)[name];
