import { type Estimate } from "../cost/estimate";
import { type Cost, costOf, dollars, signed } from "../cost/stack-cost";
import { type Use } from "../cost/prices";
import { type Output } from "../output";
import { plan, selectStack } from "../stack";
import { openTarget } from "../target";

/** `slipway cost` */
export async function cost(stack: string, diff: boolean, output: Output): Promise<void> {
  const target = await openTarget(stack, output);
  // Without the policies: what the program costs does not hang on whether it may be.
  const found = costOf(stack, await plan(await selectStack(stack, target, output), output, []));
  output.answer(diff ? found : { ...found, diff: undefined }, describe(found, diff));
}

function describe(found: Cost, diff: boolean): string {
  const { stack, monthly, diff: change } = found;
  return [
    `The stack ${stack} costs about ${dollars(monthly)} a month while nobody uses it (${dollars(monthly / 30.4)} a day):`,
    ...found.components.map((each) =>
      line(each.component, dollars(each.monthly), itemsOf(found, each.component)),
    ),
    ...found.unpriced.map((what) => `  not in the price table, so not counted: ${what}`),
    "",
    "Beside that, by use:",
    ...found.usage.map(useLine),
    ...(diff ? ["", ...diffLines(change)] : []),
    "",
    note(found),
  ].join("\n");
}

const line = (name: string, amount: string, rest: string) =>
  `  ${name.padEnd(20)} ${amount.padStart(10)}  ${rest}`;

function itemsOf({ items }: Estimate, component: string): string {
  const counts = new Map<string, number>();
  for (const item of items.filter((each) => each.component === component)) {
    counts.set(item.what, (counts.get(item.what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => (count > 1 ? `${count} x ${what}` : what)).join(", ");
}

const useLine = ({ per, dollars: amount, assuming }: Use) =>
  `  ${amount === undefined ? "no price" : dollars(amount)} per ${per} (${assuming})`;

function diffLines({ before, after, change, components }: Cost["diff"]): string[] {
  if (components.length === 0) return ["'slipway up' would change nothing of that."];
  return [
    `'slipway up' would change it from ${dollars(before)} to ${dollars(after)} a month (${signed(change)}):`,
    ...components.map((each) => line(each.component, signed(each.change), "")),
  ];
}

function note({ region, prices }: Cost): string {
  const elsewhere = region === prices.region ? "" : ` The stack is in ${String(region)}, where they differ.`;
  return (
    `An estimate with list prices of ${prices.region} as of ${prices.asOf}, kept by hand in automation/cost/list-prices.json: not live. ` +
    `Look them up before you rely on it (https://calculator.aws).${elsewhere}`
  );
}
