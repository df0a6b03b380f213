import {
  CreateDBInstanceCommand,
  CreateDBSubnetGroupCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
  waitUntilDBInstanceAvailable,
} from "@aws-sdk/client-rds";
import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { RdsSource } from "../../../components/sources/rds-source";
import { failure } from "../../local/laptop";
import { requirePostgres } from "../../local/postgres";
import { SourceStack } from "./source-stack";

const trips: string[][] = parse(readFileSync(join(__dirname, "../../../data/taxis.csv"), "utf8"));
/** Not the stack's. */
const theirs = { DBInstanceIdentifier: "theirs" };
const instance = { DBInstanceIdentifier: "plugins-sources-trips" };

const table = `CREATE TABLE trips (
  id bigserial PRIMARY KEY, loaded timestamptz DEFAULT now() - interval '1 hour',
  pickup timestamp, dropoff timestamp, passengers int, distance numeric, fare numeric, tip numeric, tolls numeric,
  total numeric, color text, payment text, pickup_zone text, dropoff_zone text, pickup_borough text, dropoff_borough text)`;

describe("rds source on the laptop", function () {
  this.timeout(120_000);
  let world: SourceStack;
  let rds: RDSClient;

  before(async function () {
    requirePostgres(this);
    const started = await SourceStack.start((common) => {
      const deleteData = true;
      const database = { kind: "rds", engine: "postgres", database: "trips" } as const;
      new RdsSource("trips", {
        ...{ ...common, source: "trips", deleteData },
        settings: { ...database, table: "trips", watermark: "id", overlapSeconds: 0, rowsPerObject: 5000 },
      });
      const databaseArn = `arn:aws:rds:us-east-1:000000000000:db:${theirs.DBInstanceIdentifier}`;
      const query = "SELECT pickup, fare, distance, passengers, color, loaded FROM trips";
      new RdsSource("again", {
        ...{ ...common, source: "again", deleteData },
        settings: { ...database, databaseArn, query, watermark: "loaded" },
      });
    });
    if (!started) return this.skip(); // this machine has no Pulumi CLI
    world = started;
    rds = new RDSClient(world.clientSettings);
    await createTheirs();
    await world.stack.preview(); // in which nearly everything is still unknown
    await world.stack.up();
  });
  after(() => world?.stop());

  /** An instance that is no part of the stack, in a VPC that is none either. */
  async function createTheirs(): Promise<void> {
    const { Subnets = [] } = await new EC2Client(world.clientSettings).send(new DescribeSubnetsCommand({}));
    const DBSubnetGroupName = "theirs";
    const SubnetIds = Subnets.map(({ SubnetId }) => SubnetId!).slice(0, 2);
    await rds.send(
      new CreateDBSubnetGroupCommand({ DBSubnetGroupName, DBSubnetGroupDescription: "theirs", SubnetIds }),
    );
    const { SecurityGroups = [] } = await new EC2Client(world.clientSettings).send(
      new DescribeSecurityGroupsCommand({}),
    );
    await rds.send(
      new CreateDBInstanceCommand({
        ...{ ...theirs, DBSubnetGroupName, DBName: "trips", Engine: "postgres", AllocatedStorage: 20 },
        ...{ DBInstanceClass: "db.t4g.micro", MasterUsername: "them", ManageMasterUserPassword: true },
        VpcSecurityGroupIds: [SecurityGroups[0]!.GroupId!],
      }),
    );
    await available(theirs);
  }

  const available = (which: { DBInstanceIdentifier: string }) =>
    waitUntilDBInstanceAvailable({ client: rds, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, which);

  async function describeInstance(which = instance) {
    return (await rds.send(new DescribeDBInstancesCommand(which))).DBInstances![0]!;
  }

  const describeAll = async () => (await rds.send(new DescribeDBInstancesCommand({}))).DBInstances!;

  /** As a person does it: with the endpoint and the secret that RDS tells of. */
  async function sql<T>(work: (client: Client) => Promise<T>, which = instance): Promise<T> {
    const { Endpoint, MasterUserSecret } = await describeInstance(which);
    const secrets = new SecretsManagerClient(world.clientSettings);
    const SecretId = MasterUserSecret!.SecretArn;
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    const { username: user, password } = JSON.parse(SecretString!) as { username: string; password: string };
    const client = new Client({
      ...{ host: Endpoint!.Address, port: Endpoint!.Port, database: "trips", user, password },
    });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async function insert(rows: string[][], which = instance): Promise<void> {
    const [header = []] = trips;
    const objects = rows.map((cells) =>
      Object.fromEntries(header.map((name, index) => [name, cells[index] || null])),
    );
    const columns = header.join(",");
    const text = `INSERT INTO trips (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::trips, $1)`;
    await sql((client) => client.query(text, [JSON.stringify(objects)]), which);
  }

  it("makes an instance with a real database, in a VPC", async () => {
    expect(await describeInstance()).to.deep.include({
      DBInstanceStatus: "available",
      StorageEncrypted: true,
    });
    const { Vpcs = [] } = await new EC2Client(world.clientSettings).send(new DescribeVpcsCommand({}));
    expect(Vpcs.map(({ CidrBlock }) => CidrBlock)).to.include("10.64.0.0/24");
    await sql((client) => client.query(table));
  });

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await world.stack.up({ refresh: true, expectNoChanges: true });
  });

  it("lands the table's rows, and later the new ones, under the function's own permissions", async () => {
    await insert(trips.slice(1));
    const { landed } = await world.run("trips");
    expect(landed.map(({ rows }) => rows)).to.deep.equal([5000, 1433]);
    await insert(trips.slice(1, 4));
    expect((await world.run("trips")).landed.map(({ rows }) => rows)).to.deep.equal([3]);
    expect((await world.run("trips")).landed).to.deep.equal([]);
  });

  it("goes on with the new password after RDS has rotated it", async () => {
    const rotate = { ...instance, RotateMasterUserPassword: true, ApplyImmediately: true };
    await rds.send(new ModifyDBInstanceCommand(rotate));
    await insert(trips.slice(4, 6));
    expect((await world.run("trips")).landed.map(({ rows }) => rows)).to.deep.equal([2]);
  });

  it("says that the database is away, and goes on when it is back", async () => {
    await rds.send(new StopDBInstanceCommand(instance));
    expect((await failure(world.run("trips"))).message).to.match(
      /^Source trips, postgres:\/\/127\.0\.0\.1:\d+\/trips trips: the database does not answer .*See that it runs/,
    );
    await rds.send(new StartDBInstanceCommand(instance));
    await available(instance);
    await insert(trips.slice(6, 7));
    expect((await world.run("trips")).landed.map(({ rows }) => rows)).to.deep.equal([1]);
  });

  const alter = (change: string, which = instance) =>
    sql((client) => client.query(`ALTER TABLE trips ${change}`), which);
  const said = async (source: string) => (await failure(world.run(source))).message;

  it("lands nothing while a column is renamed or of another type, says which, and then goes on", async () => {
    await insert(trips.slice(7, 9));
    await alter("RENAME fare TO price");
    expect(await said("trips")).to.match(/^Source trips, postgres:.* trips: .*fare/);
    await alter("RENAME price TO fare");
    await alter("ALTER distance TYPE text");
    expect(await said("trips")).to.match(/^Source trips, postgres:.* trips: .*distance.*text/);
    await alter("ALTER distance TYPE numeric USING distance::numeric");
    expect((await world.run("trips")).landed.map(({ rows }) => rows)).to.deep.equal([2]);
  });

  it("lands nothing twice when it was killed after it had landed", async () => {
    await insert(trips.slice(9, 12));
    expect((await world.run("trips")).landed.map(({ rows }) => rows)).to.deep.equal([3]);
    await world.rewind("trips", ({ plan }) => plan !== undefined);
    expect((await world.run("trips")).landed).to.deep.equal([]);
    expect((await world.snapshot("trips")).rows).to.include({ read: 6433 + 3 + 2 + 1 + 2 + 3, rejected: 0 });
  });

  it("lands a poison row, which the snapshot rejects by object, row and field", async () => {
    const poison = trips[12]!.with(4, "NaN"); // which numeric takes for a number
    await insert([poison, trips[13]!]);
    const { landed } = await world.run("trips");
    const { rows, broken } = await world.snapshot("trips");
    expect(rows.rejected).to.equal(1);
    expect(broken.map(({ object, row }) => [object, row])).to.deep.equal([[landed[0]!.object, 1]]);
    expect(broken[0]).to.have.nested.property("errors[0].field", "fare");
  });

  it("reads an instance that is there already, by its ARN and a query", async () => {
    await sql((client) => client.query(table), theirs);
    await insert(trips.slice(1, 101), theirs);
    const { landed } = await world.run("again");
    expect(landed.map(({ rows }) => rows)).to.deep.equal([100]);
  });

  it("says what the database says when the query fails, and goes on when it no longer does", async () => {
    await insert(trips.slice(101, 103), theirs);
    await alter("RENAME TO away", theirs);
    expect(await said("again")).to.match(/^Source again, postgres:.*: .*relation "trips" does not exist/);
    await sql((client) => client.query("ALTER TABLE away RENAME TO trips"), theirs);
    expect((await world.run("again")).landed.map(({ rows }) => rows)).to.deep.equal([2]);
  });

  it("may read its own secret, and nobody else's", async () => {
    const { MasterUserSecret } = await describeInstance();
    const other = "arn:aws:secretsmanager:us-east-1:000000000000:secret:other-AbCdEf";
    const questions = { "secretsmanager:GetSecretValue": [MasterUserSecret!.SecretArn!, other] };
    expect(await world.decisions("trips", questions)).to.deep.equal(["allowed", "implicitDeny"]);
  });

  it("leaves no database and no VPC when the stack goes, save those that were there", async () => {
    await world.stack.destroy();
    const names = (await describeAll()).map(({ DBInstanceIdentifier }) => DBInstanceIdentifier);
    expect(names).to.deep.equal([theirs.DBInstanceIdentifier]);
    const { Vpcs = [] } = await new EC2Client(world.clientSettings).send(new DescribeVpcsCommand({}));
    expect(Vpcs.map(({ CidrBlock }) => CidrBlock)).not.to.include("10.64.0.0/24");
  });
});
