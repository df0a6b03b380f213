import {
  CreateDBInstanceCommand,
  DescribeDBInstancesCommand,
  RDSClient,
  waitUntilDBInstanceAvailable,
} from "@aws-sdk/client-rds";
import { createConnection } from "mysql2";
import { execFile, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { type Credentials, type Engine } from "../../../handlers/ingest-rds/database";
import { clientConfig } from "../../../local/state";
import { startLaptop } from "../laptop";

/** A real database server of the test's own, and its owner's way in. */
export interface Server {
  engine: Engine;
  port: number;
  database: string;
  credentials: Credentials;
  /** Runs statements as the owner. */
  run(sql: string): Promise<void>;
  stop(): Promise<void>;
}

const password = randomBytes(12).toString("hex");
const owner = { username: "keeper", password };

/** PostgreSQL, as the laptop target starts it for an RDS instance. */
export async function startPostgres(): Promise<Server> {
  const laptop = await startLaptop("cloud");
  const rds = new RDSClient(clientConfig(laptop.state));
  const instance = { DBInstanceIdentifier: "shop" };
  await rds.send(
    new CreateDBInstanceCommand({
      ...{ ...instance, DBName: "shop", Engine: "postgres", DBInstanceClass: "db.t4g.micro" },
      ...{ AllocatedStorage: 20, MasterUsername: owner.username, MasterUserPassword: password },
    }),
  );
  await waitUntilDBInstanceAvailable({ client: rds, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, instance);
  const { DBInstances } = await rds.send(new DescribeDBInstancesCommand(instance));
  const port = DBInstances![0]!.Endpoint!.Port!;
  const client = new Client({
    ...{ host: "127.0.0.1", port, database: "shop", user: owner.username, password },
  });
  await client.connect();
  return {
    ...{ engine: "postgres", port, database: "shop", credentials: owner },
    run: async (sql) => void (await client.query(sql)),
    async stop() {
      await client.end();
      await laptop.stop();
    },
  };
}

const image = "slipway-test/mariadb";
const exec = promisify(execFile);

const works = (...args: string[]) => spawnSync("docker", args, { stdio: "ignore" }).status === 0;
const baseImages = [process.env.BASE_IMAGE, "python:3.11-slim", "local/python:3.11-slim"].filter(
  (name) => name !== undefined,
);

/** Why there is no MariaDB to run here, or undefined when there is one. */
export function missingMariaDb(): string | undefined {
  if (!works("info")) return "there is no Docker engine (docker info fails)";
  return baseImage() ? undefined : `Docker has none of the base images ${baseImages.join(", ")}`;
}

const baseImage = () => baseImages.find((name) => works("image", "inspect", name));

/** MariaDB, which speaks MySQL's protocol, in a container. */
export async function startMariaDb(): Promise<Server> {
  const build = ["build", "--network", "host", "--build-arg", `BASE_IMAGE=${baseImage()}`, "-t", image];
  await exec("docker", [...build, join(__dirname, "mariadb")]);
  const port = 20_000 + Math.floor(Math.random() * 12_000);
  const settings = ["-e", `PORT=${port}`, "-e", `PASSWORD=${password}`];
  const { stdout } = await exec("docker", ["run", "-d", "--rm", "--network", "host", ...settings, image]);
  const container = stdout.trim();
  const stop = async () => void (await exec("docker", ["rm", "-f", container]));
  try {
    const run = await untilConnected(port, container);
    return { engine: "mysql", port, database: "shop", credentials: owner, run, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilConnected(port: number, container: string): Promise<Server["run"]> {
  const run = (sql: string) =>
    new Promise<void>((resolve, reject) => {
      const client = createConnection({
        ...{ host: "127.0.0.1", port, database: "shop", user: owner.username, password },
        multipleStatements: true,
      });
      client.query(sql, (error) => {
        client.destroy();
        if (error) reject(error);
        else resolve();
      });
    });
  for (let attempt = 0; ; attempt++) {
    try {
      await run("SELECT 1");
      return run;
    } catch (error) {
      if (attempt < 300) await sleep(100);
      else throw new Error(`MariaDB in ${container} does not answer`, { cause: error });
    }
  }
}
