import type * as pulumi from "@pulumi/pulumi";
import { checkSchedule } from "../lambda/schedule";
import { optionalNumber, requireNumber } from "../shared/configuration";
import { requireProperty } from "../shared/validation";

/** How the model is watched while it serves. Declared, described and given defaults in `Pulumi.yaml`. */
export interface MonitorSettings {
  /** Of the endpoint's requests that are captured; 0: nothing is watched. */
  captureSharePercent: number;
  /** Days after which captured requests and labels are gone. */
  captureDays: number;
  /** When the Lambda looks. */
  schedule: string;
  /** Population stability index above which an alarm rings. */
  maxDrift: number | undefined;
  /** Mean error above which an alarm rings. */
  maxModelError: number | undefined;
}

/** Reads the monitor's part of the configuration. @throws InputPropertyError with key, value and fix. */
export function readMonitorSettings(config: pulumi.Config): MonitorSettings {
  const captureDays = requireNumber(config, "captureDays", 1, 365, "days");
  requireProperty(Number.isInteger(captureDays), "captureDays", captureDays, "give a whole number of days");
  const schedule = config.require("monitorSchedule");
  checkSchedule("monitorSchedule", schedule);
  const captureSharePercent = requireNumber(config, "captureSharePercent", 0, 100, "percent of the requests");
  const limits = {
    maxDrift: optionalNumber(config, "maxDrift", "population stability index"),
    maxModelError: optionalNumber(config, "maxModelError", "mean error"),
  };
  for (const [name, limit] of Object.entries(limits)) {
    const fix =
      "without captured requests there is no such figure: give a captureSharePercent above 0, or none";
    requireProperty(limit === undefined || captureSharePercent > 0, name, limit, fix);
  }
  return { captureSharePercent, captureDays, schedule, ...limits };
}
