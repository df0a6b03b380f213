import { expect } from "chai";
import { populationStabilityIndex, shifts } from "../../automation/release/shift";

/** `count` numbers, evenly from `low` to `high`. */
const even = (low: number, high: number, count = 1000) =>
  Array.from({ length: count }, (_, i) => String(low + ((high - low) * i) / (count - 1)));
const repeat = (counts: Record<string, number>) =>
  Object.entries(counts).flatMap(([value, count]) => Array<string>(count).fill(value));

describe("the population stability index", () => {
  it("is 0 for the same distribution, whatever the number of rows and their order", () => {
    expect(populationStabilityIndex(even(0, 100), even(0, 100))).to.equal(0);
    expect(populationStabilityIndex(even(0, 100), even(0, 100, 4000).reverse())).to.be.below(0.001);
    expect(populationStabilityIndex(repeat({ 1: 70, 2: 30 }), repeat({ 2: 60, 1: 140 }))).to.be.below(1e-9);
  });

  it("is what the formula gives by hand", () => {
    // (0.5 - 0.8) ln(0.5 / 0.8) + (0.5 - 0.2) ln(0.5 / 0.2)
    const index = populationStabilityIndex(
      repeat({ green: 80, yellow: 20 }),
      repeat({ green: 5, yellow: 5 }),
    );
    expect(index).to.be.closeTo(0.41589, 0.00001);
  });

  it("grows with the shift, of numbers, categories and missing values", () => {
    const a = populationStabilityIndex(even(0, 100), even(5, 105));
    const b = populationStabilityIndex(even(0, 100), even(50, 150));
    expect(a).to.be.within(0.001, b);
    expect(b).to.be.above(0.25);
    expect(populationStabilityIndex(even(0, 100), [...even(0, 100), ...repeat({ "": 500 })])).to.be.above(
      0.25,
    );
    expect(populationStabilityIndex(repeat({ a: 9 }), repeat({ b: 9 }))).to.be.above(1);
  });

  it("puts the column first that has shifted most", () => {
    const before = { distance: even(0, 10), color: repeat({ green: 50, yellow: 50 }) };
    const after = { distance: even(0, 10), color: repeat({ green: 90, yellow: 10 }) };
    expect(shifts(before, after).map(({ column }) => column)).to.deep.equal(["color", "distance"]);
  });
});
