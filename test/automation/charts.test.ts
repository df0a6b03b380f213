import { expect } from "chai";
import { stripVTControlCharacters } from "node:util";
import { type Bar, columnChart, roomFor } from "../../automation/charts";

const drawn = (columns: Bar[][], unicode: boolean) =>
  stripVTControlCharacters(
    columnChart({
      ...{ columns, unicode, top: 40, yText: (value) => `${value} %` },
      xText: new Map([
        [0, "0"],
        [4, "1"],
      ]),
    }),
  ).split("\n");

const bars: Bar[][] = [
  [{ value: 40, tone: 0 }],
  [{ value: 20, tone: 1 }],
  [],
  [{ value: 0, tone: 0 }],
  [{ value: 0.1, tone: 1 }],
  [
    { value: 10, tone: 0 },
    { value: 40, tone: 1 },
  ],
];

describe("a chart of columns", () => {
  it("draws each value from the axis up, and of two the lower one in front", () => {
    expect(drawn(bars, false)).to.deep.equal([
      "    ^",
      "40 %+#    .",
      "    |#    .",
      "    |#    .",
      "    |#    .",
      "20 %+#.   .",
      "    |#.   .",
      "    |#.   #",
      "    |#.   #",
      " 0 %+#.  .#",
      "    ++---+->",
      "     0   1",
    ]);
  });

  it("has room for the longest word of its axis", () => {
    const yText = (value: number) => `${value} ms`;
    const columns: Bar[][] = [[{ value: 1500, tone: 0 }]];
    const chart = columnChart({ columns, top: 1500, yText, xText: new Map([[0, "0"]]), unicode: false });
    const words = stripVTControlCharacters(chart).match(/^.*ms/gm);
    expect(words).to.deep.equal(["1500 ms", " 750 ms", "   0 ms"]);
    expect(roomFor(50, { top: 15, yText })).to.equal(50 - "7.5 ms".length - 7);
  });

  it("tells the two apart without colours, in UTF-8 as well", () => {
    const lines = drawn(bars, true);
    expect(lines[1]).to.equal("40 %┤█    ░");
    expect(lines[9]).to.equal(" 0 %┤█░  ░█");
  });
});
