import pc from "picocolors";
import plot from "simple-ascii-chart";
import { isUnicode } from "./terminal";

/** Of two things that a chart shows beside or above each other; told apart without colours too. */
export type Tone = 0 | 1;

/** A bar from the axis up to `value`. */
export interface Bar {
  value: number;
  tone: Tone;
}

export interface ColumnChart {
  /** What stands in each column of the terminal, from the left; of two bars the lower one is in front. */
  columns: Bar[][];
  /** The value at the upper end. */
  top: number;
  yText: (value: number) => string;
  /** Words under some of the columns, by their place. */
  xText: Map<number, string>;
  unicode?: boolean;
}

const height = 9;
const unicodeMarks = { bars: ["█", "░"], axis: {} };
const asciiMarks = {
  bars: ["#", "."],
  axis: { n: "^", ns: "|", y: "+", nse: "+", x: "+", we: "-", e: ">" },
};
const colors = [pc.cyan, pc.yellow];

type Axis = Pick<ColumnChart, "top" | "yText">;

const ticks = ({ top }: Axis) => [0, top / 2, top];
const longestWord = (axis: Axis) => Math.max(...ticks(axis).map((value) => axis.yText(value).length));

/** Columns of the terminal that a chart has for its bars, when it may take so many in all. */
export const roomFor = (columns: number, axis: Axis) => columns - longestWord(axis) - 7; // the axis, and half a word under its end

/** What a tone looks like, for a legend. */
export const swatch = (tone: Tone, unicode = isUnicode()) =>
  colors[tone]!((unicode ? unicodeMarks : asciiMarks).bars[tone]);

/** Bars as lines of a terminal, of `columns.length` and an axis in width; in ASCII where the locale is no UTF-8. */
export function columnChart({ columns, top, yText, xText, unicode = isUnicode() }: ColumnChart): string {
  const axis = { top, yText };
  const wordWidth = longestWord(axis);
  const drawn = plot(
    columns.map((_, x) => [x, 0]),
    {
      ...{ width: columns.length, height, yRange: [0, top], customYAxisTicks: ticks(axis) },
      customXAxisTicks: [...xText.keys()],
      symbols: { axis: (unicode ? unicodeMarks : asciiMarks).axis },
      formatter: (value, { axis: of }) =>
        of === "y" ? yText(value).padStart(wordWidth) : (xText.get(value) ?? ""),
      lineFormatter: ({ x, plotX, toPlotCoordinates }) =>
        [...columns[x]!]
          .sort((a, b) => b.value - a.value || b.tone - a.tone)
          .flatMap(({ value, tone }) => {
            const [, row] = toPlotCoordinates(0, (value / top) * (height - 1));
            const cells = value > 0 ? height - row : 0;
            return Array.from({ length: cells }, (_, i) => ({
              ...{ x: plotX, y: height - i, symbol: swatch(tone, unicode) },
            }));
          }),
    },
  );
  return drawn
    .split("\n")
    .map((line) => line.trimEnd())
    .filter(Boolean)
    .join("\n");
}
