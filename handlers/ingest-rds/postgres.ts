import { Client, type QueryArrayConfig, types as pgTypes } from "pg";
import Cursor from "pg-cursor";
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

const { builtins } = pgTypes;

const kinds: Record<number, Kind> = {
  [builtins.BOOL]: "boolean",
  [builtins.INT2]: "number",
  [builtins.INT4]: "number",
  [builtins.INT8]: "number",
  [builtins.FLOAT4]: "number",
  [builtins.FLOAT8]: "number",
  [builtins.NUMERIC]: "number",
  [builtins.DATE]: "date",
  [builtins.TIMESTAMP]: "time",
  [builtins.TIMESTAMPTZ]: "time",
};
const typeNames = Object.fromEntries(
  Object.entries(builtins).map(([name, oid]) => [oid, name.toLowerCase()]),
) as Record<number, string>;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

export const postgresDialect: Dialect = {
  table: (name) => name.split(".").map(quoted).join("."),
  column: quoted,
  literal: (watermark, column) => `'${checkedWatermark(watermark, column)}'::${column.type}`,
  text: (expression) => `(${expression})::text`,
  clock: (secondsAgo, { type }) => `(clock_timestamp() - interval '${secondsAgo} seconds')::${type}`,
};

/** Values stay the text that the server sends, and times are written in ISO 8601 (DateStyle below). */
const asText = { getTypeParser: () => (value: string) => value };

/** Connects to PostgreSQL. @throws the driver's error. */
export async function connectPostgres(to: Connection, credentials: Credentials): Promise<Session> {
  const client = new Client({
    host: to.host,
    port: to.port,
    database: to.database,
    user: credentials.username,
    password: credentials.password,
    ssl: tlsFor(to.host) ?? false,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: to.statementTimeoutSeconds * 1000,
    idle_in_transaction_session_timeout: to.statementTimeoutSeconds * 1000,
    keepAlive: true,
    application_name: "slipway",
    options: "-c default_transaction_read_only=on -c DateStyle=ISO,YMD -c extra_float_digits=1",
  });
  client.on("error", () => undefined); // a connection that breaks off: the query at hand says so
  try {
    await client.connect();
    await client.query("SELECT set_config('TimeZone', $1, false)", [to.timeZone]);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return session(client);
}

function session(client: Client): Session {
  // Extended protocol: the server takes one statement at a time, whatever the text holds.
  const query = (text: string) => {
    const config: QueryArrayConfig & { queryMode: "extended" } = {
      ...{ text, rowMode: "array", types: asText, queryMode: "extended" },
    };
    return client.query<Row>(config);
  };
  return {
    dialect: postgresDialect,
    async describe(sql) {
      const { fields } = await query(`SELECT * FROM ${sql} LIMIT 0`);
      return fields.map(({ name, dataTypeID }): Column => {
        return { name, kind: kinds[dataTypeID] ?? "text", type: typeNames[dataTypeID] ?? "text" };
      });
    },
    value: async (sql) => (await query(sql)).rows[0]?.[0] ?? null,
    rows: (sql) => read(client, sql),
    close: () => client.end(),
  };
}

async function* read(client: Client, sql: string): AsyncGenerator<Row[]> {
  await client.query("BEGIN READ ONLY");
  const cursor = client.query(new Cursor<Row>(sql, [], { rowMode: "array", types: asText }));
  try {
    for (let rows = await cursor.read(batchRows); rows.length > 0; rows = await cursor.read(batchRows)) {
      yield rows;
    }
  } finally {
    await cursor.close().catch(() => undefined);
    await client.query("ROLLBACK").catch(() => undefined);
  }
}
