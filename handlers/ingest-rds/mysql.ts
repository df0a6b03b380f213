import { type Connection as Client, createConnection, type FieldPacket, Types } from "mysql2";
import {
  batchRows,
  checkedWatermark,
  type Column,
  type Connection,
  connectTimeoutMs,
  type Credentials,
  type Dialect,
  type Kind,
  type Row,
  type Session,
} from "./database";
import { tlsFor } from "./tls";

/** By their number in the protocol. */
const typeNames = Types as unknown as Record<number, string>;
const kinds: Record<string, Kind> = {
  TINY: "number",
  SHORT: "number",
  INT24: "number",
  LONG: "number",
  LONGLONG: "number",
  YEAR: "number",
  FLOAT: "number",
  DOUBLE: "number",
  DECIMAL: "number",
  NEWDECIMAL: "number",
  DATE: "date",
  NEWDATE: "date",
  DATETIME: "time",
  TIMESTAMP: "time",
  NULL: "null",
};

/** MySQL has no booleans: `boolean` is `tinyint(1)`. */
const booleanDigits = 1;

const quoted = (name: string) => `\`${name.replaceAll("`", "``")}\``;
const words: Partial<Record<Kind, string>> = { time: "TIMESTAMP", date: "DATE" };

export const mysqlDialect: Dialect = {
  table: (name) => name.split(".").map(quoted).join("."),
  column: quoted,
  literal(watermark, column) {
    const checked = checkedWatermark(watermark, column);
    return column.kind === "number" ? checked : `${words[column.kind]}'${checked}'`;
  },
  text: (expression) => expression, // the text protocol writes all values as text
  clock: (secondsAgo, { kind }) => {
    const then = `DATE_SUB(NOW(6), INTERVAL ${secondsAgo} SECOND)`;
    return kind === "date" ? `DATE(${then})` : then;
  },
};

/** Connects to MySQL or MariaDB. @throws the driver's error. */
export async function connectMysql(to: Connection, credentials: Credentials): Promise<Session> {
  const client = createConnection({
    host: to.host,
    port: to.port,
    database: to.database,
    user: credentials.username,
    password: credentials.password,
    ssl: tlsFor(to.host),
    connectTimeout: connectTimeoutMs,
    charset: "utf8mb4",
    rowsAsArray: true,
    multipleStatements: false,
    typeCast: (field) => (field.type === "BIT" ? bits(field.buffer()) : field.string("utf8")),
  });
  client.on("error", () => undefined); // a connection that breaks off: the query at hand says so
  const made = session(client);
  try {
    await new Promise<void>((resolve, reject) => {
      client.connect((error) => (error ? reject(error) : resolve()));
    });
    for (const setting of await settings(made, to)) await made.value(setting);
  } catch (error) {
    client.destroy();
    throw error;
  }
  return made;
}

/** What makes a session of MySQL's, or of MariaDB's, read only, and end a statement that takes too long. */
async function settings(session: Session, to: Connection): Promise<string[]> {
  const isMariaDb = /mariadb/i.test((await session.value("SELECT VERSION()")) ?? "");
  const seconds = to.statementTimeoutSeconds;
  const zone = to.timeZone === "UTC" ? "+00:00" : to.timeZone; // a server without its tables of zones knows no names
  return [
    isMariaDb
      ? `SET SESSION max_statement_time = ${seconds}`
      : `SET SESSION max_execution_time = ${seconds * 1000}`,
    `SET SESSION time_zone = '${zone.replaceAll("'", "")}'`,
    "SET SESSION TRANSACTION READ ONLY",
  ];
}

function session(client: Client): Session {
  const query = (sql: string) =>
    new Promise<{ rows: unknown; fields?: FieldPacket[] }>((resolve, reject) => {
      client.query(sql, (error, rows, fields) => (error ? reject(error) : resolve({ rows, fields })));
    });
  return {
    dialect: mysqlDialect,
    async describe(sql) {
      const { fields = [] } = await query(`SELECT * FROM ${sql} LIMIT 0`);
      return fields.map(columnOf);
    },
    async value(sql) {
      const { rows } = await query(sql);
      return (Array.isArray(rows) ? (rows as Row[])[0]?.[0] : undefined) ?? null;
    },
    rows: (sql) => read(client, sql),
    close: () => new Promise((resolve) => client.end(() => resolve())),
  };
}

function columnOf({ name, columnType, columnLength }: FieldPacket): Column {
  const type = typeNames[columnType ?? 0] ?? "VAR_STRING";
  const isBoolean = (type === "TINY" || type === "BIT") && columnLength === booleanDigits;
  return { name, kind: isBoolean ? "boolean" : (kinds[type] ?? "text"), type: type.toLowerCase() };
}

/** The stream reads ahead no more than `batchRows`, and the socket waits meanwhile. */
async function* read(client: Client, sql: string): AsyncGenerator<Row[]> {
  const stream = client.query(sql).stream({ highWaterMark: batchRows });
  let batch: Row[] = [];
  try {
    for await (const row of stream) {
      batch.push(row as Row);
      if (batch.length < batchRows) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    stream.destroy();
  }
}

/** A BIT column as the number that it stands for. */
const bits = (value: Buffer | null) =>
  value === null ? null : BigInt(`0x${value.toString("hex") || "0"}`).toString();
