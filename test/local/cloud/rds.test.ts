import {
  CreateDBInstanceCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
  waitUntilDBInstanceAvailable,
  waitUntilDBInstanceDeleted,
} from "@aws-sdk/client-rds";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { clientConfig } from "../../../local/state";
import { startLocal, stopLocal } from "../../../local/supervisor/client";
import { services, type ServiceSettings } from "../../../local/supervisor/services";
import { failure, type Laptop, processes, startLaptop } from "../laptop";
import { requirePostgres } from "../postgres";
import { killCloud } from "./kill";

const DBInstanceIdentifier = "shop";

describe("RDS on the laptop", () => {
  let laptop: Laptop;
  let rds: RDSClient;
  let secrets: SecretsManagerClient;

  before(async function () {
    requirePostgres(this);
    laptop = await startLaptop("cloud");
    rds = new RDSClient(clientConfig(laptop.state));
    secrets = new SecretsManagerClient(clientConfig(laptop.state));
    await rds.send(
      new CreateDBInstanceCommand({
        ...{ DBInstanceIdentifier, DBName: "shop", Engine: "postgres", DBInstanceClass: "db.t4g.micro" },
        ...{ AllocatedStorage: 20, MasterUsername: "keeper", ManageMasterUserPassword: true },
      }),
    );
    await available();
  });
  after(() => laptop?.stop());

  const available = () =>
    waitUntilDBInstanceAvailable(
      { client: rds, maxWaitTime: 60, minDelay: 1, maxDelay: 1 },
      { DBInstanceIdentifier },
    );

  async function describeInstance() {
    const { DBInstances } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    return DBInstances![0]!;
  }

  async function credentials() {
    const { MasterUserSecret } = await describeInstance();
    const SecretId = MasterUserSecret!.SecretArn!;
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    return JSON.parse(SecretString!) as { username: string; password: string };
  }

  /** One statement's answer, as a client gets it that knows the endpoint and the secret. */
  async function query(text: string, password?: string): Promise<Record<string, unknown>[]> {
    const { Endpoint, DBName } = await describeInstance();
    const secret = await credentials();
    const client = new Client({
      ...{ host: Endpoint!.Address, port: Endpoint!.Port, database: DBName, user: secret.username },
      password: password ?? secret.password,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  it("is a real PostgreSQL that the endpoint and the secret open, and nobody else", async () => {
    expect(await query("SELECT current_database() AS name, 6 * 7 AS answer")).to.deep.equal([
      { name: "shop", answer: 42 },
    ]);
    expect((await failure(query("SELECT 1", "guess"))).message).to.include("password authentication failed");
  });

  it("takes the new password after a rotation, and the old one no more", async () => {
    const old = (await credentials()).password;
    await rds.send(
      new ModifyDBInstanceCommand({
        DBInstanceIdentifier,
        RotateMasterUserPassword: true,
        ApplyImmediately: true,
      }),
    );
    expect((await credentials()).password).not.to.equal(old);
    expect(await query("SELECT 1 AS one")).to.deep.equal([{ one: 1 }]);
    expect((await failure(query("SELECT 1", old))).message).to.include("password authentication failed");
  });

  it("does not answer while it is stopped", async () => {
    await rds.send(new StopDBInstanceCommand({ DBInstanceIdentifier }));
    expect(await failure(query("SELECT 1"))).to.have.property("code", "ECONNREFUSED");
    await rds.send(new StartDBInstanceCommand({ DBInstanceIdentifier }));
    await available();
    expect(await query("SELECT 1 AS one")).to.deep.equal([{ one: 1 }]);
  });

  it("keeps its rows, its endpoint and its secret when the laptop cloud stops and starts", async () => {
    await query("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1), (2)");
    const before = await describeInstance();
    await stopLocal(laptop.home);
    expect(processes("postgres", laptop.home)).to.deep.equal([]);
    const some = (settings: ServiceSettings) => services(settings).filter(({ name }) => name === "cloud");
    await startLocal({ home: laptop.home, services: some });
    await available();
    expect((await describeInstance()).Endpoint).to.deep.equal(before.Endpoint);
    expect(await query("SELECT sum(n)::int AS sum FROM kept")).to.deep.equal([{ sum: 3 }]);
  });

  it("comes back with its rows when the cloud is killed", async function () {
    if (process.platform !== "linux") this.skip(); // the process is found in /proc
    await query("INSERT INTO kept VALUES (3)");
    const before = await describeInstance();
    await killCloud(laptop);
    await available();
    expect((await describeInstance()).Endpoint).to.deep.equal(before.Endpoint);
    expect(await query("SELECT sum(n)::int AS sum FROM kept")).to.deep.equal([{ sum: 6 }]);
  });

  it("says of another engine that it has none", async () => {
    const mysql = new CreateDBInstanceCommand({
      ...{ DBInstanceIdentifier: "other", Engine: "mysql", DBInstanceClass: "db.t4g.micro" },
      ...{ AllocatedStorage: 20, MasterUsername: "keeper", ManageMasterUserPassword: true },
    });
    expect((await failure(rds.send(mysql))).message).to.include("runs instances of the engine postgres");
  });

  it("leaves no process, file or secret when it is deleted", async () => {
    const SecretId = (await describeInstance()).MasterUserSecret!.SecretArn!;
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier, SkipFinalSnapshot: true }));
    await waitUntilDBInstanceDeleted(
      { client: rds, maxWaitTime: 30, minDelay: 1, maxDelay: 1 },
      { DBInstanceIdentifier },
    );
    expect(processes("postgres", laptop.home)).to.deep.equal([]);
    expect(existsSync(join(laptop.home, "databases"))).to.equal(true);
    expect(readdirSync(join(laptop.home, "databases"))).to.deep.equal([]);
    expect((await failure(secrets.send(new GetSecretValueCommand({ SecretId })))).name).to.equal(
      "ResourceNotFoundException",
    );
  });
});
