import { expect } from "chai";
import { bootstrapMean } from "../../../../automation/release/gate/bootstrap";
import { type Check, check } from "../../../../automation/release/gate/decide";
import { type JudgedRow } from "../../../../automation/release/gate/rows";
import { fares, normal, settings, species, trips } from "./rows";

const accepted = (checks: Check[]) => checks.every(({ passed }) => passed);
const failed = (checks: Check[]) => checks.filter(({ passed }) => !passed).map(({ name }) => name);
const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("bootstrapMean", () => {
  it("covers the true mean about as often as it says", () => {
    const covered = seeds(100).filter((seed) => {
      const draw = normal(seed);
      const { low, high } = bootstrapMean(Array.from({ length: 60 }, () => 3 + draw(2)));
      return low <= 3 && 3 <= high;
    });
    expect(covered.length / 100).to.be.within(0.88, 0.99);
  });

  it("agrees with the normal approximation that it is for many rows", () => {
    const draw = normal(1);
    const values = Array.from({ length: 10_001 }, () => draw(2));
    const [many, resampled] = [bootstrapMean(values), bootstrapMean(values.slice(1))];
    expect(many.low).to.be.closeTo(resampled.low, 0.003);
    expect(many.high).to.be.closeTo(resampled.high, 0.003);
  });

  it("is the same each time, and wider at a higher level", () => {
    const draw = normal(5);
    const values = Array.from({ length: 50 }, () => draw(1));
    expect(bootstrapMean(values)).to.deep.equal(bootstrapMean(values));
    expect(bootstrapMean(values, 0.99).high).to.be.above(bootstrapMean(values, 0.95).high);
    expect(bootstrapMean([7])).to.deep.equal({ mean: 7, low: 7, high: 7 });
  });
});

describe("the gate", () => {
  it("refuses a challenger that is better by luck only", () => {
    const equals = seeds(60).map((seed) => trips(100, seed, { champion: 0.5, challenger: 0.5 }));
    const lucky = equals.filter((rows) => {
      const [better] = check(rows, fares, { ...settings, require: "not-worse", maxIncreasePercent: 1000 });
      return better!.explanation.includes("less");
    });
    expect(lucky.length, "challengers that look better").to.be.above(20);
    const deployed = lucky.filter((rows) => accepted(check(rows, fares, settings)));
    expect(deployed.length).to.be.at.most(4); // 2.5 % of 60 by design
    const [first] = lucky;
    const [refused] = check(first!, fares, settings);
    expect(refused!.explanation).to.match(/less \(95 % interval of the increase: -\d.*\); |no luck is taken/);
  });

  it("accepts a challenger that is really better", () => {
    const good = seeds(15).filter((seed) =>
      accepted(check(trips(300, seed, { champion: 1.5, challenger: 0.5 }), fares, settings)),
    );
    expect(good.length).to.equal(15);
  });

  for (const require of ["better", "not-worse"] as const) {
    it(`refuses a challenger that is worse (${require})`, () => {
      const passed = seeds(15).filter((seed) =>
        accepted(
          check(trips(300, seed, { champion: 0.5, challenger: 1.5 }), fares, { ...settings, require }),
        ),
      );
      expect(passed).to.deep.equal([]);
    });
  }

  it("accepts an equal one as not worse when there are rows enough to tell, and refuses it when there are not", () => {
    const notWorse = { ...settings, require: "not-worse" as const };
    const equal = (count: number) => trips(count, 3, { champion: 0.2, challenger: 0.2 });
    expect(failed(check(equal(2000), fares, notWorse))).to.deep.equal([]);
    expect(failed(check(equal(12), fares, notWorse))).to.deep.equal(["not worse than the served release"]);
  });

  it("refuses one that is better on the whole, and worse in one slice", () => {
    const rows = trips(1000, 1, { champion: 1.5, challenger: 0.3, greenChallenger: 3 });
    const checks = check(rows, fares, settings);
    expect(failed(checks)).to.deep.equal(["slice color green"]);
    expect(checks.find(({ passed }) => !passed)?.explanation).to.match(
      /color green \(200 rows\): .* USD, before .* USD, .* % more; more than the 20 % .*significant/,
    );
    expect(failed(check(rows, fares, { ...settings, minSliceRows: 201 }))).to.deep.equal([]);
    expect(failed(check(rows, fares, { ...settings, maxSliceIncreasePercent: 900 }))).to.deep.equal([]);
  });

  it("takes no chance finding in a small slice for a worse one", () => {
    const refused = seeds(40).filter((seed) => {
      const rows = trips(250, seed, { champion: 1, challenger: 1 });
      const checks = check(rows, fares, { ...settings, maxSliceIncreasePercent: 0 });
      return failed(checks).some((name) => name.startsWith("slice"));
    });
    expect(refused.length).to.be.at.most(5); // one in twenty by design
  });

  it("holds to the absolute limits, with and without a champion", () => {
    for (const champion of [undefined, 2]) {
      const rows = trips(400, 2, { ...(champion ? { champion } : {}), challenger: 0.3 });
      const strict = { ...settings, maxError: 0.5, minCoveragePercent: 90, maxCoveragePercent: 95 };
      expect(failed(check(rows, fares, strict))).to.deep.equal(["error", "least coverage"]);
      const wide = { ...settings, maxError: 5, minCoveragePercent: 50, maxCoveragePercent: 60 };
      expect(failed(check(rows, fares, wide))).to.deep.equal(["largest coverage"]);
    }
  });

  it("asks a first release to be better than a constant answer", () => {
    expect(failed(check(trips(300, 1, { challenger: 0.5 }), fares, settings))).to.deep.equal([]);
    expect(failed(check(trips(300, 1, { challenger: 20 }), fares, settings))).to.deep.equal([
      "better than a constant answer",
    ]);
  });

  it("does not compare with a champion that answered few of the rows", () => {
    const rows = trips(300, 1, { champion: 0.01, challenger: 0.5 });
    const mostlyMute = rows.map((row, index) => (index < 200 ? { ...row, champion: undefined } : row));
    expect(check(mostlyMute, fares, settings).map(({ name }) => name)).to.deep.equal([
      "better than a constant answer",
    ]);
  });

  it("says what interval is missing when a limit on coverage needs one", () => {
    const bare = trips(100, 1, { challenger: 0.5 }).map((row) => ({
      ...row,
      challenger: { value: row.challenger.value },
    }));
    const checks = check(bare, fares, { ...settings, minCoveragePercent: 10 });
    expect(checks[0]).to.deep.include({ name: "least coverage", passed: false });
    expect(checks[0]!.explanation).to.match(/no interval/);
  });

  it("judges classes by the share of wrong answers", () => {
    const flowers = (championEvery: number, challengerEvery: number): JudgedRow[] =>
      Array.from({ length: 300 }, (_, index) => {
        const actual = ["setosa", "virginica", "versicolor"][index % 3]!;
        const said = (every: number) => ({ value: index % every === 0 ? "rose" : actual });
        return {
          ...{ actual, slices: { garden: "north" } },
          ...{ challenger: said(challengerEvery), champion: said(championEvery) },
        };
      });
    const [better] = check(flowers(5, 20), species, settings);
    expect(better!.passed).to.equal(true);
    expect(better!.explanation).to.include(
      "its error is 5.0 %, that of the served release 20.0 %: 75.0 % less",
    );
    expect(failed(check(flowers(20, 5), species, settings))).to.deep.equal([
      "better than the served release",
      "slice garden north",
    ]);
    const first = flowers(1, 5).map((row) => ({ ...row, champion: undefined }));
    expect(failed(check(first, species, settings))).to.deep.equal([]);
  });
});
