import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { randomUUID } from "node:crypto";
import { ingestHandler } from "../shared/landing/entry";
import { land } from "../shared/landing/landing";
import { recordSchema } from "../shared/schema";
import { type Connection, type Credentials } from "./database";
import { ingest, type Ports } from "./ingest";
import { connectMysql } from "./mysql";
import { connectPostgres } from "./postgres";
import { S3StateStore } from "./s3-state";
import { readSecret } from "./secret";
import { settingsSchema, sourceOf } from "./settings";

/** One run of an `rds` source: what is new in PostgreSQL or MySQL since the last one. */

// In a VPC without a way to an endpoint, calls hang: they are to fail with a reason instead.
const patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3000, requestTimeout: 30_000, throwOnRequestTimeout: true },
};
const secrets = new SecretsManagerClient(patience);
const s3 = new S3Client(patience);

const connect = (to: Connection, credentials: Credentials) =>
  to.engine === "postgres" ? connectPostgres(to, credentials) : connectMysql(to, credentials);

export const handler = ingestHandler(settingsSchema, (given) => {
  const { source, bucket, settings, store } = given;
  const ports: Ports = {
    schema: recordSchema,
    store: new S3StateStore(s3, store, { Bucket: bucket, Key: `sources/${source}/state.json` }),
    credentials: () => readSecret(secrets, settings.secretArn),
    connect,
    land: (landing) => land(store, landing),
    announce: (event) => store.announce(event),
    stack: store.stack,
    now: () => new Date(),
    deadline: new Date(Date.now() + given.remaining()),
    run: randomUUID(),
  };
  return ingest(sourceOf(source, settings), ports);
});
