import { isWholeNumber, requireProperty } from "../shared/validation";

export interface RedshiftSettings {
  kind: "redshift";
  /** A SELECT whose columns are fields of schema.json, and the watermark; at most 2,000 characters: a view holds what is longer. */
  query: string;
  /** Column of the query that only grows: a time, a date, a whole number. */
  watermark: string;
  /** With a time as watermark: seconds that are read again, for rows that are committed late. Default 60. */
  overlapSeconds?: number;
  /** Default `dev`. */
  database?: string;
  /** When to look. Default `rate(1 day)`: each run of Serverless costs a minute of its capacity at least. */
  schedule?: string;
  /** ARN of a Serverless workgroup that is there already. Without it and `clusterIdentifier` one is made. */
  workgroupArn?: string;
  /** A provisioned cluster that is there already. */
  clusterIdentifier?: string;
  /** Of a database that is there already: secret with `username` and `password`. Default: temporary credentials by IAM. */
  secretArn?: string;
  /** ARN of the secret's KMS key, if it is not Amazon's. */
  secretKeyArn?: string;
  /** ARN of a role for UNLOAD that the warehouse has already. Default: one is made; a warehouse that is there already must be given it. */
  unloadRoleArn?: string;
  /** Of a new workgroup: Redshift Processing Units, 4 (where AWS has it) or 8 to 1,024. Default 8. */
  baseCapacity?: number;
  /** Of a new workgroup: RPU-hours a day after which it is turned off until the next day. Default 8. */
  rpuHoursPerDay?: number;
  /** Of a new workgroup: subnets in three zones. Default: those of the default VPC. */
  subnetIds?: string[];
  /** Of a new workgroup. Default: that of the VPC. */
  securityGroupIds?: string[];
}

/** Lambda takes 4 KB of environment, of which the query is a part. */
const longestQuery = 2000;

const patterns = {
  workgroupArn: /^arn:[\w-]+:redshift-serverless:[\w-]+:\d{12}:workgroup\/[\w-]+$/,
  clusterIdentifier: /^[a-z][a-z0-9-]{0,62}$/,
  secretArn: /^arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:\S+$/,
  secretKeyArn: /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/\S+$/,
  unloadRoleArn: /^arn:[\w-]+:iam::\d{12}:role\/\S+$/,
};

/** Whether the stack makes the warehouse. */
export const isNew = ({ workgroupArn, clusterIdentifier }: RedshiftSettings) =>
  workgroupArn === undefined && clusterIdentifier === undefined;

/** @throws InputPropertyError that names the setting, its value and the fix. */
export function checkRedshiftSettings(settings: RedshiftSettings): void {
  checkQuery(settings);
  const { workgroupArn, clusterIdentifier, secretArn, secretKeyArn, unloadRoleArn } = settings;
  const given = { workgroupArn, clusterIdentifier, secretArn, secretKeyArn, unloadRoleArn };
  for (const [property, value] of Object.entries(given) as [keyof typeof patterns, string | undefined][]) {
    const what = property.endsWith("Arn") ? "give its whole ARN" : "give the name of a cluster";
    requireProperty(value === undefined || patterns[property].test(value), property, value, what);
  }
  requireProperty(
    workgroupArn === undefined || clusterIdentifier === undefined,
    "clusterIdentifier",
    clusterIdentifier,
    "give either a workgroup or a cluster",
  );
  if (isNew(settings)) checkNew(settings);
  else checkExisting(settings);
}

function checkQuery({ query, watermark, overlapSeconds = 0 }: RedshiftSettings): void {
  requireProperty(
    /^\s*(select|with)\b/i.test(query) && !/;\s*\S/.test(query),
    "query",
    query,
    "write one SELECT, whose columns are fields of schema.json",
  );
  requireProperty(
    query.length <= longestQuery,
    "query",
    query,
    `it has more than ${longestQuery} characters: make a view of it and select from that`,
  );
  requireProperty(
    /^[A-Za-z_][\w$]{0,126}$/.test(watermark),
    "watermark",
    watermark,
    "name a column of the query that only grows, such as a time of change",
  );
  requireProperty(
    isWholeNumber(overlapSeconds, 0, 86_400),
    "overlapSeconds",
    overlapSeconds,
    "give whole seconds from 0 to 86400",
  );
}

function checkNew({
  baseCapacity = 8,
  rpuHoursPerDay = 8,
  secretArn,
  unloadRoleArn,
}: RedshiftSettings): void {
  const step = baseCapacity > 512 ? 32 : 8;
  requireProperty(
    baseCapacity === 4 || (isWholeNumber(baseCapacity, 8, 1024) && baseCapacity % step === 0),
    "baseCapacity",
    baseCapacity,
    "give 4, a multiple of 8 from 8 to 512, or a multiple of 32 to 1024",
  );
  requireProperty(
    isWholeNumber(rpuHoursPerDay, 1, 24 * 1024),
    "rpuHoursPerDay",
    rpuHoursPerDay,
    "give whole RPU-hours from 1",
  );
  for (const [property, value] of Object.entries({ secretArn, unloadRoleArn }))
    requireProperty(value === undefined, property, value, "leave it out: a new warehouse gets its own");
}

function checkExisting(settings: RedshiftSettings): void {
  const { baseCapacity, rpuHoursPerDay, subnetIds, securityGroupIds } = settings;
  for (const [property, value] of Object.entries({
    baseCapacity,
    rpuHoursPerDay,
    subnetIds,
    securityGroupIds,
  }))
    requireProperty(value === undefined, property, value, "leave it out: it is for a new workgroup only");
}
