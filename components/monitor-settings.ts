import type * as pulumi from "@pulumi/pulumi";
import { optionalNumber, requireNumber } from "./configuration";
import { type EndpointCapacity } from "./endpoint-capacity";
import { checkSchedule } from "./schedule";
import { isWholeNumber, requireProperty } from "./validation";

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

/** @throws InputPropertyError for what SageMaker would refuse. */
export function checkCapture(captureSharePercent: number, { kind }: EndpointCapacity): void {
  requireProperty(
    isWholeNumber(captureSharePercent, 0, 100),
    "captureSharePercent",
    captureSharePercent,
    "give a whole percentage of the requests from 0 to 100",
  );
  requireProperty(
    captureSharePercent === 0 || kind === "real-time",
    "captureSharePercent",
    captureSharePercent,
    "SageMaker captures nothing of a serverless endpoint: give 0, or the endpoint real-time",
  );
}
