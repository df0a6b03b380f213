import { expect } from "chai";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { driftOf, fewestRecords, profileOf } from "../../../handlers/monitor/drift";
import { type ColumnProfile } from "../../../handlers/shared/profile";

const generator = xoroshiro128plus(7);
const random = () => uniformFloat64(generator);
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** Long-tailed, as distances are. */
const distances = (count: number) => times(count, () => -3 * Math.log(1 - random()));
/** A few frequent zones, and 200 rare ones. */
const zones = (count: number) =>
  times(count, () =>
    random() < 0.5 ? `frequent ${Math.floor(random() * 5)}` : `rare ${Math.floor(random() * 200)}`,
  );

const baselines: Record<string, ColumnProfile> = {
  distance: profileOf(distances(20_000), "number"),
  zone: profileOf(zones(20_000), "category"),
};

describe("the drift of captured values", () => {
  for (const [column, draw] of Object.entries({ distance: distances, zone: zones })) {
    it(`is by chance alone as small as is said, with the fewest records (${column})`, () => {
      const found = times(500, () => driftOf(baselines[column]!, draw(fewestRecords)));
      const mean = found.reduce((sum, index) => sum + index, 0) / found.length;
      expect(mean).to.be.within(0.03, 0.06);
      expect(found.filter((index) => index > 0.1).length / found.length, "worth a look").to.be.below(0.05);
      expect(
        found.filter((index) => index > 0.25),
        "has changed",
      ).to.deep.equal([]);
    });
  }

  it("of fewer records would often be chance", () => {
    const found = times(500, () => driftOf(baselines.distance!, distances(50)));
    expect(found.filter((index) => index > 0.25).length / found.length).to.be.above(0.1);
  });

  it("is great when numbers are three times as large, and when a value that never was is frequent", () => {
    expect(
      driftOf(
        baselines.distance!,
        distances(300).map((each) => 3 * each),
      ),
    ).to.be.above(0.5);
    expect(
      driftOf(
        baselines.zone!,
        zones(300).map((zone, index) => (index % 2 ? "new" : zone)),
      ),
    ).to.be.above(0.25);
  });

  it("is great when values are missing, some or all", () => {
    const some = distances(300).map((each, index) => (index % 3 ? each : null));
    expect(driftOf(baselines.distance!, some)).to.be.above(0.5);
    expect(
      driftOf(
        baselines.distance!,
        times(300, () => undefined),
      ),
    )
      .to.be.above(1)
      .and.below(Infinity);
  });

  it("takes 7, '7' and the snapshot's '7.0' for one value", () => {
    const baseline: ColumnProfile = {
      ...{ kind: "number", unit: "", count: 200, missing: 0, distinct: 2, quantiles: [7, 8] },
      values: [
        ["7.0", 100],
        ["8.0", 100],
      ],
    };
    expect(
      driftOf(
        baseline,
        times(200, (index) => (index % 2 ? 7 : "8")),
      ),
    ).to.equal(0);
  });
});
