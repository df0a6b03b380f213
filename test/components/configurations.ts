import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { formatRelease } from "../../components/release/current-release";

export const root = join(__dirname, "..", "..");

interface Project {
  config: Record<string, { type: string; default?: unknown; description?: string }>;
}

const readYaml = (file: string) => parse(readFileSync(join(root, file), "utf8")) as Record<string, unknown>;
const project = readYaml("Pulumi.yaml") as unknown as Project;
export const { pattern } = (project.config["pulumi:autonaming"] as unknown as { value: { pattern: string } })
  .value;
/** The settings of Slipway; the others are the engine's own. */
export const settings = Object.fromEntries(
  Object.entries(project.config).filter(([name]) => !name.includes(":")),
);

/** The stack's configuration as the engine hands it to the program. */
export function configuration(stack: string, changes: Record<string, unknown> = {}): Record<string, string> {
  const defaults = Object.entries(settings).map(([name, value]) => [`slipway:${name}`, value.default]);
  const own = (readYaml(`Pulumi.${stack}.yaml`) as { config: Record<string, unknown> }).config;
  const merged = { ...Object.fromEntries(defaults), ...own, ...changes } as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(merged).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

export const release = {
  id: "0123456789ab",
  imageUri: "i@sha256:0a",
  modelDataUrl: "s3://b/m.tar.gz",
  modelPackageArn: "arn",
};
export const parameters = { "/slipway/dev/release": formatRelease(release) };

/** A source of each kind, with as few settings as there are. */
export const allSources = {
  "slipway:sources": {
    files: { kind: "s3" },
    web: { kind: "http", url: "https://example.com/trips.csv" },
    trips: { kind: "kinesis" },
    ledger: { kind: "dynamodb" },
    orders: { kind: "rds", engine: "postgres", database: "trips", table: "trips", watermark: "id" },
    warehouse: { kind: "redshift", query: "select * from trips", watermark: "pickup" },
  },
};

/** All that the settings can switch on. */
export const everything = {
  ...allSources,
  "slipway:emails": ["ann@example.com"],
  "slipway:monthlyBudget": 50,
  "slipway:publicSubscriptions": true,
  "slipway:apiAccessLogs": "own-role",
  "slipway:dataScientists": ["arn:aws:iam::123456789012:role/science"],
};
/** And what a real-time endpoint alone has. */
export const scaled = {
  ...everything,
  ...{ "slipway:maxInstanceCount": 3, "slipway:instanceType": "ml.m5.large" },
  ...{ "slipway:captureSharePercent": 10, "slipway:maxDrift": 0.25, "slipway:maxModelError": 5 },
};
