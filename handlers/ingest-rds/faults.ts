import { originOf, type SqlSource } from "./source";

/** What can be wrong, by what a person has to do about it. */
export type FaultKind =
  | "away"
  | "password"
  | "secret"
  | "database"
  | "certificate"
  | "table"
  | "column"
  | "timeout"
  | "denied"
  | "writes"
  | "busy"
  | "zone"
  | "query"
  | "columns"
  | "rows";

/** A fault that is the user's to know: `what` happened and what `todo`, in sentences without a full stop. */
export class SourceFault extends Error {
  constructor(
    readonly kind: FaultKind,
    what: string,
    readonly todo: string,
  ) {
    super(what);
  }
}

/**
 * Error codes of PostgreSQL (https://www.postgresql.org/docs/current/errcodes-appendix.html), of MySQL and MariaDB
 * (https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html), of Node.js' sockets and of OpenSSL.
 */
const codes: Partial<Record<FaultKind, string[]>> = {
  away: [
    ...[
      "ECONNREFUSED",
      "ECONNRESET",
      "ENOTFOUND",
      "EAI_AGAIN",
      "ETIMEDOUT",
      "EHOSTUNREACH",
      "ENETUNREACH",
      "EPIPE",
    ],
    ...["57P01", "57P02", "57P03", "08000", "08001", "08003", "08004", "08006", "PROTOCOL_CONNECTION_LOST"],
    ...["ER_SERVER_SHUTDOWN", "ER_CONNECTION_KILLED"],
  ],
  password: ["28P01", "28000", "ER_ACCESS_DENIED_ERROR", "ER_ACCESS_DENIED_NO_PASSWORD_ERROR"],
  database: ["3D000", "ER_BAD_DB_ERROR", "ER_DBACCESS_DENIED_ERROR"],
  certificate: [
    ...["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ...["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "CERT_HAS_EXPIRED", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ...["HANDSHAKE_SSL_ERROR", "HANDSHAKE_NO_SSL_SUPPORT"],
  ],
  table: ["42P01", "3F000", "ER_NO_SUCH_TABLE"],
  column: ["42703", "ER_BAD_FIELD_ERROR"],
  timeout: ["57014", "ER_QUERY_TIMEOUT", "ER_STATEMENT_TIMEOUT", "25P03"],
  denied: ["42501", "ER_TABLEACCESS_DENIED_ERROR", "ER_COLUMNACCESS_DENIED_ERROR"],
  writes: ["25006", "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION"],
  zone: ["22023", "ER_UNKNOWN_TIME_ZONE"],
  busy: ["53300", "ER_CON_COUNT_ERROR", "ER_USER_LIMIT_REACHED"],
};

/** Of errors that carry no code. */
const messages: [RegExp, FaultKind][] = [
  [/timeout expired|connection timeout|connect ETIMEDOUT/i, "away"],
  [/Connection terminated|closed state|Connection lost/i, "away"],
  [/does not support SSL|certificate/i, "certificate"],
  [/no password|SCRAM/i, "password"],
];

/** What kind of fault an error of a driver or of this program is. */
export function faultKind(error: unknown): FaultKind | undefined {
  if (error instanceof SourceFault) return error.kind;
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as { code?: string; errno?: number };
  if (errno === mariaDbStatementTimeout) return "timeout";
  const byCode = Object.entries(codes).find(([, known]) => code !== undefined && known.includes(code));
  if (byCode) return byCode[0] as FaultKind;
  const byMessage = messages.find(([pattern]) => pattern.test(error.message))?.[1];
  if (byMessage) return byMessage;
  return code !== undefined && (/^[0-9A-Z]{5}$/.test(code) || code.startsWith("ER_")) ? "query" : undefined;
}

/** MariaDB's ER_STATEMENT_TIMEOUT, which the driver names after MySQL's error of that number. */
const mariaDbStatementTimeout = 1969;

const advice: Partial<Record<FaultKind, string>> = {
  away: "See that it runs, and that the function's subnets and security group reach it",
  password: "See that the secret holds the present password; the secret was read twice",
  database: "Create it, or correct the source's database",
  certificate:
    "Use the name that its certificate is for (for RDS the instance's endpoint), and let it take TLS",
  table: "Correct the source's table, or create it",
  column: "Correct the column's name in the source's query or watermark",
  timeout: "Put an index on the watermark column, lower rowsPerObject or raise statementTimeoutSeconds",
  denied: "Grant SELECT on it to the secret's user",
  writes: "Let the query only read",
  zone: "Write one that it knows into the source's timeZone (UTC, America/New_York)",
  busy: "Raise its limit of connections, or end some",
  query: "Correct the source's query",
};

const happened: Partial<Record<FaultKind, string>> = {
  away: "the database does not answer",
  password: "the database refuses the user name or password",
  database: "the database is not there or not open to the user",
  certificate: "the database cannot be connected to over TLS with a certificate that is its own",
  table: "the table is not there",
  column: "a column is not there",
  timeout: "the statement took too long",
  denied: "the user may not read it",
  writes: "the query wants to write",
  zone: "the database does not know the time zone",
  busy: "the database takes no more connections",
  query: "the query failed",
};

/** The error in one paragraph that names the source, the database and what to do; never a password. */
export function worded(error: unknown, source: SqlSource): Error {
  const kind = faultKind(error);
  if (kind === undefined || !(error instanceof Error)) return error as Error;
  const what = error instanceof SourceFault ? error.message : `${happened[kind]} (${saidBy(error)})`;
  const todo = error instanceof SourceFault ? error.todo : advice[kind];
  return new SourceFault(kind, `Source ${source.source}, ${originOf(source)}: ${what}. ${todo}.`, "");
}

/** Drivers name user, host and statement in their messages, and never a password. */
function saidBy(error: Error): string {
  const { errors, code } = error as { errors?: Error[]; code?: string };
  const text = error.message || errors?.[0]?.message || code || error.name; // of several addresses that were tried
  return text.replace(/\s+/g, " ").replace(/\.$/, "");
}
