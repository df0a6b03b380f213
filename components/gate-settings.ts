import * as pulumi from "@pulumi/pulumi";
import { requireProperty } from "./validation";

/** What a release must keep to before it is served. Declared, described and given defaults in `Pulumi.yaml`. */
export interface GateSettings {
  /** `manual`: an accepted release waits for a person. */
  approval: "none" | "manual";
  /** What the comparison with the champion must show. */
  require: "better" | "not-worse";
  /** `not-worse`: how much larger than the champion's the error may be, in percent. */
  maxIncreasePercent: number;
  /** The same within one slice. */
  maxSliceIncreasePercent: number;
  /** Slices with fewer rows are not judged. */
  minSliceRows: number;
  /** Mean error on the held-out rows, in the target's unit (classification: share of wrong answers). */
  maxError?: number;
  /** Share of actual values within the predicted interval. */
  minCoveragePercent: number;
  maxCoveragePercent: number;
}

/** Reads the gate's part of the configuration. @throws InputPropertyError with key, value and fix. */
export function readGateSettings(config: pulumi.Config): GateSettings {
  const percent = (key: string, most: number) => number(config, key, 0, most, "percent");
  const maxError = config.require("gateMaxError");
  const minCoveragePercent = percent("gateMinCoveragePercent", 100);
  return {
    approval: oneOf(config, "approval", ["none", "manual"]),
    require: oneOf(config, "gateRequire", ["better", "not-worse"]),
    maxIncreasePercent: percent("gateMaxIncreasePercent", 1000),
    maxSliceIncreasePercent: percent("gateMaxSliceIncreasePercent", 1000),
    minSliceRows: number(config, "gateMinSliceRows", 2, 1_000_000_000, "rows"),
    ...(maxError === "none"
      ? {}
      : { maxError: number(config, "gateMaxError", 0, Number.MAX_VALUE, "the target's unit, or 'none'") }),
    minCoveragePercent,
    maxCoveragePercent: number(config, "gateMaxCoveragePercent", minCoveragePercent, 100, "percent"),
  };
}

const fix = (what: string) => `write ${what} into Pulumi.${pulumi.getStack()}.yaml`;

function oneOf<const Choice extends string>(config: pulumi.Config, key: string, choices: Choice[]): Choice {
  const value = config.require(key);
  const found = choices.find((choice) => choice === value);
  requireProperty(found !== undefined, key, value, fix(choices.map((choice) => `'${choice}'`).join(" or ")));
  return found as Choice;
}

function number(config: pulumi.Config, key: string, least: number, most: number, unit: string): number {
  const text = config.require(key);
  const value = text.trim() === "" ? NaN : Number(text);
  const range = most === Number.MAX_VALUE ? `of at least ${least}` : `from ${least} to ${most}`;
  requireProperty(value >= least && value <= most, key, text, fix(`a number ${range} (${unit})`));
  return value;
}
