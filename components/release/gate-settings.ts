import type * as pulumi from "@pulumi/pulumi";
import { optionalNumber, requireNumber, requireOneOf } from "../shared/configuration";

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
  const percent = (key: string, most: number) => requireNumber(config, key, 0, most, "percent");
  const maxError = optionalNumber(config, "gateMaxError", "the target's unit, or 'none'");
  const minCoveragePercent = percent("gateMinCoveragePercent", 100);
  return {
    approval: requireOneOf(config, "approval", ["none", "manual"]),
    require: requireOneOf(config, "gateRequire", ["better", "not-worse"]),
    maxIncreasePercent: percent("gateMaxIncreasePercent", 1000),
    maxSliceIncreasePercent: percent("gateMaxSliceIncreasePercent", 1000),
    minSliceRows: requireNumber(config, "gateMinSliceRows", 2, 1_000_000_000, "rows"),
    ...(maxError === undefined ? {} : { maxError }),
    minCoveragePercent,
    maxCoveragePercent: requireNumber(config, "gateMaxCoveragePercent", minCoveragePercent, 100, "percent"),
  };
}
