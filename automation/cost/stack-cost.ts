import { type Plan } from "../stack";
import { projectName, readStackConfig } from "../stack-config";
import { comingEndpoint } from "./endpoint";
import { difference, estimate } from "./estimate";
import { priceTable } from "./prices";
import { usage } from "./usage";

/** What a stack costs as the program would make it, and by how much that differs from what is there. */
export function costOf(stack: string, { before, after }: Pick<Plan, "before" | "after">) {
  const config = readStackConfig(stack);
  const project = projectName();
  const all = (resources: Plan["after"]) => [...resources, ...comingEndpoint(resources, config, project)];
  const wanted = estimate(all(after));
  return {
    stack,
    region: config["aws:region"],
    prices: priceTable,
    ...wanted,
    usage: usage(after, config, project),
    diff: difference(estimate(before.length ? all(before) : []), wanted),
  };
}

export type Cost = ReturnType<typeof costOf>;

/** US dollars for people; small amounts with more digits. */
export const dollars = (amount: number) =>
  amount !== 0 && Math.abs(amount) < 0.1 ? `$${amount.toFixed(4)}` : `$${amount.toFixed(2)}`;

/** The same of a change, with its sign. */
export const signed = (amount: number) => `${amount < 0 ? "-" : "+"}${dollars(Math.abs(amount))}`;
