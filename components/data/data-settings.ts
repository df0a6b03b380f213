import type * as pulumi from "@pulumi/pulumi";
import { optionalNumber, requireNumber } from "../shared/configuration";

/** What the data of a release must keep to. Declared, described and given defaults in `Pulumi.yaml`. */
export interface DataSettings {
  /** Of the rows that came in; more rejected ones stop a release. */
  maxRejectedPercent: number;
  /** Population stability index of a column against the served release's data; a greater one stops a release. */
  maxShift?: number;
}

/** Reads the data's part of the configuration. @throws InputPropertyError with key, value and fix. */
export function readDataSettings(config: pulumi.Config): DataSettings {
  const maxShift = optionalNumber(config, "maxDataShift", "population stability index, or 'none'");
  return {
    maxRejectedPercent: requireNumber(config, "maxRejectedPercent", 0, 100, "percent"),
    ...(maxShift === undefined ? {} : { maxShift }),
  };
}
