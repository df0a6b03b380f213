import { isWholeNumber, requireProperty } from "../shared/validation";

/** A source of the kind `rds`, as Pulumi.<stack>.yaml has it. */
export interface RdsSettings {
  kind: "rds";
  engine: "postgres" | "mysql";
  /** Name of the database on the server. */
  database: string;
  /** A table or view (`shop.orders`). This, or `query`. */
  table?: string;
  /** A SELECT that gives the columns of schema.json and the watermark. */
  query?: string;
  /** A column that grows from row to row: a time of insertion or change, or a number. */
  watermark: string;
  /** Default `rate(1 hour)`. */
  schedule?: string;

  /** An RDS instance or cluster that is there already. */
  databaseArn?: string;
  /** Any server that is there already; with `secretArn`. */
  address?: string;
  /** Default 5432 for postgres, 3306 for mysql. */
  port?: number;
  /** Secret with `username` and `password`: of a user that may only read. Default: the one that RDS manages. */
  secretArn?: string;
  /** Key of the secret, when it is one of your own. */
  secretKeyArn?: string;
  /** Where the function is put to reach `address`. Without both it is in no VPC. */
  subnetIds?: string[];
  securityGroupIds?: string[];

  /** Of a new instance. Default db.t4g.micro. */
  instanceClass?: string;
  /** Of a new instance. Default: the one that AWS takes. */
  engineVersion?: string;
  /** Gigabytes of a new instance. Default 20. */
  allocatedStorage?: number;
  /** Whether a new instance has a standby in another zone. Default no. */
  multiAz?: boolean;

  /** Rows of one object. Default 100,000. */
  rowsPerObject?: number;
  /** How long a transaction lasts at most; younger rows are left to the next run. Default 60. */
  overlapSeconds?: number;
  /** Default 300. */
  statementTimeoutSeconds?: number;
  /** Name of the zone in which times without one are meant, and times with one are written. Default UTC. */
  timeZone?: string;
}

export const defaultPorts = { postgres: 5432, mysql: 3306 };

/** Of a database's ARN: `db` or `cluster`, and its identifier. */
export const databaseArnPattern = /^arn:[\w-]+:rds:[\w-]+:\d{12}:(db|cluster):([\w-]+)$/;

/** @throws InputPropertyError that names the first setting that is not as it must be. */
export function checkRdsSettings(settings: RdsSettings): void {
  const { engine, database, table, query, watermark, secretArn } = settings;
  const isName = (text: unknown) => typeof text === "string" && text !== "";
  requireProperty(["postgres", "mysql"].includes(engine), "engine", engine, "write postgres or mysql");
  requireProperty(isName(database), "database", database, "give the name of the database on the server");
  requireProperty(isName(watermark), "watermark", watermark, "give a column that grows from row to row");
  requireProperty(
    isName(table) !== isName(query),
    "table",
    table,
    `give a table or a query, one of the two (query is ${JSON.stringify(query)})`,
  );
  requireProperty(
    query === undefined || /^\s*(select|with)\b/i.test(query),
    "query",
    query,
    "write one SELECT statement",
  );
  requireProperty(
    secretArn === undefined || /^arn:[\w-]+:secretsmanager:/.test(secretArn),
    "secretArn",
    secretArn,
    "give the ARN of a secret in Secrets Manager with a username and a password",
  );
  const { timeZone = "UTC" } = settings;
  requireProperty(
    /^[A-Za-z_]+(\/[\w+-]+)*$/.test(timeZone), // a text such as +02:00 is two hours the other way to PostgreSQL
    "timeZone",
    timeZone,
    "give the name of a time zone, such as UTC or America/New_York",
  );
  checkPlace(settings);
  checkNumbers(settings);
}

function checkPlace({
  databaseArn,
  address,
  secretArn,
  subnetIds,
  securityGroupIds,
  ...rest
}: RdsSettings): void {
  requireProperty(
    databaseArn === undefined || databaseArnPattern.test(databaseArn),
    "databaseArn",
    databaseArn,
    "give the ARN of an RDS instance or cluster (arn:aws:rds:<region>:<account>:db:<name>)",
  );
  requireProperty(
    databaseArn === undefined || address === undefined,
    "address",
    address,
    "give a databaseArn or an address, or neither for a new instance",
  );
  requireProperty(
    address === undefined || secretArn !== undefined,
    "secretArn",
    secretArn,
    "give the ARN of the secret with which the database at this address is opened",
  );
  requireProperty(
    (subnetIds === undefined) === (securityGroupIds === undefined) &&
      (subnetIds === undefined || address !== undefined),
    "subnetIds",
    subnetIds,
    "give subnetIds and securityGroupIds together, and with an address only",
  );
  const isNew = databaseArn === undefined && address === undefined;
  for (const property of ["instanceClass", "engineVersion", "allocatedStorage", "multiAz"] as const) {
    const value = rest[property];
    requireProperty(
      isNew || value === undefined,
      property,
      value,
      "leave it out: the database is there already",
    );
  }
}

const limits = {
  port: [1, 65_535],
  allocatedStorage: [20, 65_536],
  rowsPerObject: [1, 10_000_000],
  overlapSeconds: [0, 600],
  statementTimeoutSeconds: [1, 840],
} as const;

function checkNumbers(settings: RdsSettings): void {
  for (const [property, [least, most]] of Object.entries(limits)) {
    const value = settings[property as keyof typeof limits];
    const fix = `give a whole number from ${least} to ${most}`;
    requireProperty(value === undefined || isWholeNumber(value, least, most), property, value, fix);
  }
}
