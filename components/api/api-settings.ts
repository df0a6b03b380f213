import type * as pulumi from "@pulumi/pulumi";
import { requireNumber, requireOneOf } from "../shared/configuration";
import { requireProperty } from "../shared/validation";
import { type AccessLogs, accessLogChoices } from "./access-logs";

/** Who may ask the API, and how often. */
export interface ApiSettings {
  /** Of one API key, sustained. */
  requestsPerSecond: number;
  /** Of one API key, at once. */
  burst: number;
  /** Of one API key; 0 for no limit. */
  requestsPerDay: number;
  /** Of all callers of a path together, with and without a key, sustained. */
  totalRequestsPerSecond: number;
  /** Of all callers of a path together, at once. */
  totalBurst: number;
  /** Origins whose pages browsers let call the API; `*` for all. */
  allowedOrigins: string[];
  accessLogs: AccessLogs;
  /** Whether X-Ray gets traces. */
  tracing: boolean;
}

const most = 10_000; // API Gateway's own limit of an account

/** @throws InputPropertyError with key, value and fix. */
export function readApiSettings(config: pulumi.Config): ApiSettings {
  const limit = (key: string, least: number, unit: string) => {
    const value = requireNumber(config, key, least, most, unit);
    requireProperty(Number.isInteger(value), key, value, `write a whole number (${unit})`);
    return value;
  };
  return {
    requestsPerSecond: limit("requestsPerSecond", 1, "requests a second of one key"),
    burst: limit("burst", 1, "requests at once of one key"),
    requestsPerDay: requireNumber(
      config,
      "requestsPerDay",
      0,
      1e9,
      "requests a day of one key, 0 for no limit",
    ),
    totalRequestsPerSecond: limit("totalRequestsPerSecond", 1, "requests a second of all callers"),
    totalBurst: limit("totalBurst", 1, "requests at once of all callers"),
    allowedOrigins: readOrigins(config),
    accessLogs: requireOneOf(config, "apiAccessLogs", [...accessLogChoices]),
    tracing: config.requireBoolean("tracing"),
  };
}

function readOrigins(config: pulumi.Config): string[] {
  const origins = config.requireObject<string[]>("allowedOrigins");
  const isOrigin = (text: string) => /^https?:\/\/[^\s,/']+$/.test(text);
  const bad = origins.find((origin) => !isOrigin(origin) && !(origin === "*" && origins.length === 1));
  requireProperty(
    bad === undefined,
    "allowedOrigins",
    bad,
    "write origins such as https://example.com, without a path, or * alone for all",
  );
  return origins;
}
