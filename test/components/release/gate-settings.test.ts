import { Config, runtime } from "@pulumi/pulumi";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readGateSettings } from "../../../components/release/gate-settings";

const file = readFileSync(join(__dirname, "..", "..", "..", "Pulumi.yaml"), "utf8");
const { config: declared } = parse(file) as { config: Record<string, { default: unknown }> };
const defaults = Object.fromEntries(
  Object.entries(declared).map(([name, { default: value }]) => [`gated:${name}`, String(value)]),
);

function read(changes: Record<string, string> = {}) {
  const own = Object.entries(changes).map(([name, value]) => [`gated:${name}`, value]);
  runtime.setAllConfig({ ...defaults, ...(Object.fromEntries(own) as Record<string, string>) });
  return readGateSettings(new Config("gated"));
}

describe("components/gate-settings", () => {
  it("asks for a better model and for no approval when nothing is said", () => {
    expect(read()).to.deep.equal({
      ...{ approval: "none", require: "better", maxIncreasePercent: 5, maxSliceIncreasePercent: 20 },
      ...{ minSliceRows: 50, minCoveragePercent: 0, maxCoveragePercent: 100 },
    });
  });

  it("takes a limit in the target's unit", () => {
    expect(read({ gateMaxError: "1.75" }).maxError).to.equal(1.75);
  });

  for (const [key, value, wanted] of [
    ["approval", "yes", /'none' or 'manual'/],
    ["gateRequire", "best", /'better' or 'not-worse'/],
    ["gateMaxIncreasePercent", "-1", /a number from 0 to 1000 \(percent\)/],
    ["gateMaxIncreasePercent", "", /a number from 0 to 1000 \(percent\)/],
    ["gateMinSliceRows", "1", /a number from 2/],
    ["gateMaxError", "low", /a number of at least 0 \(the target's unit, or 'none'\)/],
    ["gateMinCoveragePercent", "101", /a number from 0 to 100/],
  ] as const) {
    it(`refuses ${key} ${JSON.stringify(value)}, with what to write instead`, () => {
      expect(() => read({ [key]: value }))
        .to.throw()
        .with.property("message")
        .that.matches(wanted)
        .and.include(`${key} is ${JSON.stringify(value)}: write`)
        .and.match(/into Pulumi\..+\.yaml/);
    });
  }

  it("refuses a largest coverage below the least", () => {
    expect(() => read({ gateMinCoveragePercent: "80", gateMaxCoveragePercent: "70" })).to.throw(
      /gateMaxCoveragePercent is "70": write a number from 80 to 100/,
    );
  });
});
