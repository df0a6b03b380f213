import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { type GateSettings } from "../../../../components/release/gate-settings";
import { type Problem } from "../../../../automation/release/gate/problem";
import { type JudgedRow } from "../../../../automation/release/gate/rows";

export const fares: Problem = { kind: "regression", target: "fare", unit: "USD", slices: ["color"] };
export const species: Problem = { kind: "classification", target: "species", unit: "", slices: ["garden"] };

export const settings: GateSettings = {
  ...{ approval: "none", require: "better", maxIncreasePercent: 5, maxSliceIncreasePercent: 20 },
  ...{ minSliceRows: 50, minCoveragePercent: 0, maxCoveragePercent: 100 },
};

/** Numbers drawn from a normal distribution (Box and Muller, 1958), the same ones for the same seed. */
export function normal(seed: number): (deviation: number) => number {
  const generator = xoroshiro128plus(seed);
  const uniform = () => 1 - uniformFloat64(generator);
  return (deviation) => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/**
 * Held-out trips, one in five green. Both models share most of their error, as models of the same data do; the rest is
 * their own: `champion` and `challenger` are its deviations, in dollars.
 */
export function trips(
  count: number,
  seed: number,
  deviations: { champion?: number; challenger: number; greenChallenger?: number },
): JudgedRow[] {
  const draw = normal(seed);
  return Array.from({ length: count }, (_, index) => {
    const green = index % 5 === 0;
    const actual = 12 + Math.abs(draw(6));
    const shared = actual + draw(1.5);
    const own = green ? (deviations.greenChallenger ?? deviations.challenger) : deviations.challenger;
    const around = (value: number) => ({ value, lower: value - 2, upper: value + 2 });
    return {
      actual,
      slices: { color: green ? "green" : "yellow" },
      challenger: around(shared + draw(own)),
      ...(deviations.champion === undefined ? {} : { champion: around(shared + draw(deviations.champion)) }),
    };
  });
}
