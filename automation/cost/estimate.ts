import { type Resource } from "../stack";
import { chargesOf } from "./charges";
import { priceOf } from "./prices";

/** One line of an estimate. */
export interface Item {
  /** The component that has declared it, such as `ModelEndpoint`. */
  component: string;
  /** The resource's name in the program. */
  resource: string;
  what: string;
  /** US dollars; undefined when the price table does not have it. */
  monthly: number | undefined;
}

export interface Estimate {
  /** Of all that has a price, US dollars. */
  monthly: number;
  components: { component: string; monthly: number }[];
  items: Item[];
  /** What the price table does not have: the estimate is too low by these. */
  unpriced: string[];
}

/** What the resources cost a month, whether they are used or not. */
export function estimate(resources: Resource[]): Estimate {
  const items = resources.flatMap(({ urn, type, inputs }) =>
    chargesOf(type, inputs).map(({ what, price, quantity }): Item => {
      const found = priceOf(price);
      return {
        component: componentOf(urn),
        resource: urn.split("::").at(-1)!,
        what,
        monthly: found && found.dollars * quantity,
      };
    }),
  );
  const byComponent = new Map<string, number>();
  for (const { component, monthly = 0 } of items) {
    byComponent.set(component, (byComponent.get(component) ?? 0) + monthly);
  }
  const components = [...byComponent].map(([component, monthly]) => ({ component, monthly }));
  return {
    monthly: components.reduce((sum, { monthly }) => sum + monthly, 0),
    components: components.sort((a, b) => b.monthly - a.monthly),
    items,
    unpriced: items
      .filter(({ monthly }) => monthly === undefined)
      .map(({ resource, what }) => `${resource} (${what})`),
  };
}

/** The outermost component of a resource, as its URN has it: `...::slipway:model:ModelEndpoint$aws:...::name`. */
function componentOf(urn: string): string {
  const types = urn.split("::")[2]?.split("$") ?? [];
  const outermost = types.find((type) => type.startsWith("slipway:"));
  return outermost?.split(":").at(-1) ?? "program";
}

/** By how much each component's estimate changes, where it does. */
export function difference(before: Estimate, after: Estimate) {
  const of = (estimate: Estimate, name: string) =>
    estimate.components.find(({ component }) => component === name)?.monthly ?? 0;
  const names = [...new Set([...before.components, ...after.components].map(({ component }) => component))];
  return {
    before: before.monthly,
    after: after.monthly,
    change: after.monthly - before.monthly,
    components: names
      .map((component) => ({ component, change: of(after, component) - of(before, component) }))
      .filter(({ change }) => Math.abs(change) >= 0.005),
  };
}
