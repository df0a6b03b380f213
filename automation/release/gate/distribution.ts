import { tickStep } from "d3-array";
import { quantile } from "simple-statistics";
import { ofChallenger, ofChampion } from "./measure";
import { type JudgedRow, loss } from "./rows";

/** Shares of each model's rows, 0 to 1. */
interface Shares {
  challenger: number;
  champion?: number;
}

/** How many of the rows have an error from `from` to below `to`, in the target's unit. */
export interface ErrorBin extends Shares {
  from: number;
  to: number;
}

/** How many of the rows of a class are answered wrongly. */
export interface ClassErrors extends Shares {
  actual: string;
  rows: number;
}

/** About so many bins, whose edges are round numbers. */
const bins = 12;
/** The largest errors are so few and so far out that they would leave no room for the others. */
const shown = 0.98;

/** How the errors of both models are distributed over the rows, but for the largest 2 %; of numbers. */
export function errorBins(rows: JudgedRow[]): ErrorBin[] {
  const losses = both(rows, (found) => found.map(({ actual, prediction }) => loss(actual, prediction)));
  const top = quantile([...losses.challenger, ...(losses.champion ?? [])], shown);
  const step = tickStep(0, top || 1, bins);
  const binOf = (error: number) => Math.floor(error / step + 1e-9); // 0.3 / 0.1 is a little less than 3
  const edge = (index: number) => Number((index * step).toPrecision(12));
  return Array.from({ length: binOf(top) + 1 }, (_, bin) => {
    const share = (of: number[]) => of.filter((each) => binOf(each) === bin).length / of.length;
    return {
      ...{ from: edge(bin), to: edge(bin + 1), challenger: share(losses.challenger) },
      ...(losses.champion ? { champion: share(losses.champion) } : {}),
    };
  });
}

/** How often each class is answered wrongly, in the order of their names. */
export function classErrors(rows: JudgedRow[]): ClassErrors[] {
  const classes = [...new Set(rows.map(({ actual }) => String(actual)))].sort();
  return classes.map((actual) => {
    const found = rows.filter((row) => row.actual === actual);
    const wrong = both(
      found,
      (part) => part.filter(({ prediction }) => loss(actual, prediction) > 0).length / part.length,
    );
    return { actual, rows: found.length, ...wrong };
  });
}

/** What `of` finds in the answers of each model that gave any. */
function both<T>(rows: JudgedRow[], of: (found: ReturnType<typeof ofChallenger>) => T) {
  const champion = ofChampion(rows);
  return { challenger: of(ofChallenger(rows)), ...(champion.length > 0 ? { champion: of(champion) } : {}) };
}
