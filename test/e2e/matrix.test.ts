import { DynamoDBClient, BatchWriteItemCommand, type AttributeValue } from "@aws-sdk/client-dynamodb";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { LocalWorkspace, Stack } from "@pulumi/pulumi/automation";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Client } from "pg";
import { takeSnapshot } from "../../automation/data/snapshot";
import { locatePulumi } from "../../automation/pulumi-cli/find";
import { type SourceOutputs } from "../../components/sources/data-source";
import { recordSchema } from "../../handlers/shared/schema";
import program from "../../index";
import { pulumiEnvironment } from "../../local/environment";
import { root } from "./laptop";
import { Workshop } from "./workshop";

type Trip = Record<string, string | number | null>;

const rowCount = 240;
const lines = readFileSync(join(root, "data", "taxis.csv"), "utf8")
  .split("\n")
  .slice(0, rowCount + 1);
const csv = `${lines.join("\n")}\n`;
const trips = parse<Record<string, string>>(csv, { columns: true }).map(typed);

const columns = Object.keys(trips[0]!);

/** Columns of a table in a database that knows more types than JSON does. */
const columnTypes = (decimal: string) =>
  columns.map((name) => {
    if (name === "passengers") return `${name} int`;
    if (name === "pickup" || name === "dropoff") return `${name} timestamp`;
    return `${name} ${typeof trips[0]![name] === "number" ? decimal : "varchar(100)"}`;
  });
const sqlLiteral = (value: string | number | null | undefined) =>
  value == null ? "null" : typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;

/** Cells as the values of a record. */
function typed(cells: Record<string, string>): Trip {
  const value = (name: string, cell: string) => {
    if (cell === "") return null;
    return [recordSchema.properties[name]!.type].flat().includes("string") ? cell : Number(cell);
  };
  return Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, value(name, cell)]));
}

/** Every kind of source brings the same rows, each in its own way: one hash. */
describe("the same rows from every kind of source", function () {
  this.timeout(300_000);
  const workshop = new Workshop();
  const web = createServer((_, response) => response.setHeader("content-type", "text/csv").end(csv));
  let bucket: string;
  let sources: Record<string, Record<keyof SourceOutputs, string>>;

  before(async () => {
    const all = allSources(`${await listen(web)}/taxis.csv`);
    workshop.configure("local", { sources: all });
    workshop.configure("dev", { sources: all });
    const { outputs } = await workshop.json<{ outputs: { dataBucket: string; sources: typeof sources } }>(
      "up",
      "local",
    );
    ({ dataBucket: bucket, sources } = outputs);
  });
  after(async () => {
    web.close();
    await workshop.remove();
  });

  const s3 = async () => new S3Client(await workshop.client("s3"));
  const put = async (Key: string, Body: string | Buffer) =>
    (await s3()).send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
  const snapshot = async (source: string) =>
    (await takeSnapshot({ s3: await s3(), bucket, schema: recordSchema, source, now: () => undefined }))
      .snapshot;

  /** Whether all rows of the source are in raw/. */
  const hasLanded = (source: string) =>
    snapshot(source).then(
      ({ rows }) => rows.kept === rowCount,
      () => false, // there is nothing yet
    );

  /** How the rows get to each source. */
  const bring: Record<string, () => Promise<unknown>> = {
    files: () => put("incoming/files/some trips.csv.gz", gzipSync(csv)),
    web: () => Promise.resolve(), // it is asked for what is there
    async trips() {
      const client = new KinesisClient(await workshop.client("kinesis"));
      const Records = trips.map((trip, i) => ({
        Data: Buffer.from(JSON.stringify(trip)),
        PartitionKey: String(i),
      }));
      const answer = await client.send(new PutRecordsCommand({ StreamName: sources.trips!.stream, Records }));
      expect(answer.FailedRecordCount).to.equal(0);
      while (!(await hasLanded("trips"))) await sleep(200); // by S3's event; mocha's time limit ends it
    },
    async ledger() {
      const client = new DynamoDBClient(await workshop.client("dynamodb"));
      const table = sources.ledger!.tableArn;
      const puts = trips.map((trip, i) => ({
        PutRequest: { Item: { id: { S: `${i}` }, ...attributes(trip) } },
      }));
      for (let at = 0; at < puts.length; at += 25) {
        await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts.slice(at, at + 25) } }));
      }
    },
    orders: () =>
      withDatabase(async (client) => {
        await client.query(
          `create table trips (id bigserial primary key, ${columnTypes("numeric").join(", ")})`,
        );
        const names = columns.join(", ");
        const insert = `insert into trips (${names}) select ${names} from json_populate_recordset(null::trips, $1)`;
        await client.query(insert, [JSON.stringify(trips)]);
      }),
    async warehouse() {
      await inWarehouse(`create table trips (${columnTypes("decimal(10, 2)").join(", ")})`);
      const values = trips.map((trip) => `(${columns.map((name) => sqlLiteral(trip[name])).join(", ")})`);
      await inWarehouse(`insert into trips values ${values.join(", ")}`);
    },
  };

  /** Runs `work` with the database of the source `orders`, which it has from RDS and from its secret. */
  async function withDatabase(work: (client: Client) => Promise<unknown>): Promise<void> {
    const { host, port, secretArn } = sources.orders!;
    const secrets = new SecretsManagerClient(await workshop.client("secretsmanager"));
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const { username: user, password } = JSON.parse(SecretString!) as { username: string; password: string };
    const client = new Client({ host, port: Number(port), database: "trips", user, password });
    await client.connect();
    await work(client).finally(() => client.end());
  }

  async function inWarehouse(Sql: string): Promise<void> {
    const client = new RedshiftDataClient(await workshop.client("redshift-data"));
    const where = { WorkgroupName: sources.warehouse!.workgroup, Database: "dev" };
    const { Id } = await client.send(new ExecuteStatementCommand({ Sql, ...where }));
    for (;;) {
      const { Status, Error: problem } = await client.send(new DescribeStatementCommand({ Id }));
      if (problem) throw new Error(problem);
      if (Status === "FINISHED") return;
      await sleep(20);
    }
  }

  interface Intake {
    source: string;
    rejected: number;
    setAside: object[];
    landed: object[];
  }
  const ingestAll = async () => {
    const intakes = await workshop.json<Intake[]>("ingest", "local");
    return Object.fromEntries(intakes.map((intake) => [intake.source, intake]));
  };

  let expected: string;
  let [first, again]: Record<string, Intake>[] = [];
  before(async () => {
    await put("raw/hand/2019-03-31/trips.csv", csv);
    expected = (await snapshot("hand")).hash;
    await Promise.all(Object.values(bring).map((load) => load()));
    [first, again] = [await ingestAll(), await ingestAll()];
  });

  for (const source of Object.keys(bring)) {
    it(`${source}: lands all ${rowCount} rows, and nothing more when it is asked again`, async () => {
      const found = await snapshot(source);
      expect(found.rows, JSON.stringify(first![source])).to.include({ kept: rowCount, rejected: 0 });
      expect(found.hash).to.equal(expected);
      expect(first![source]).to.deep.include({ rejected: 0, setAside: [] });
      expect(again![source]!.landed).to.deep.equal([]);
    });
  }

  it("leaves the stack as it is when nothing has changed", async () => {
    const { infrastructure } = await workshop.json<{ infrastructure: { resources: string[] } }>(
      "diff",
      "local",
    );
    expect(infrastructure.resources).to.deep.equal([]);
  });

  // The stock engine and Pulumi.dev.yaml; the provider plugins are the laptop's, as those of AWS want an account.
  it("previews the stack dev without a warning", async () => {
    const workspace = await LocalWorkspace.create({
      workDir: workshop.folder,
      pulumiCommand: (await locatePulumi())!,
      envVars: pulumiEnvironment(await workshop.state(), workshop.home),
      program,
    });
    const stack = await Stack.createOrSelect("dev", workspace);
    const said: string[] = [];
    const { changeSummary } = await stack.preview({
      onEvent({ diagnosticEvent: event }) {
        const loud = ["warning", "error", "info#err"]; // the last: what the program writes to stderr
        if (event && loud.includes(event.severity)) said.push(`${event.severity}: ${event.message}`);
      },
    });
    expect(said).to.deep.equal([]);
    expect(changeSummary).to.have.all.keys("create");
  });
});

/** A source of each kind. */
const allSources = (url: string) => ({
  files: { kind: "s3" },
  web: { kind: "http", url },
  trips: { kind: "kinesis", bufferSeconds: 1 },
  ledger: { kind: "dynamodb" },
  orders: {
    ...{ kind: "rds", engine: "postgres", database: "trips", table: "trips" },
    ...{ watermark: "id", overlapSeconds: 0 },
  },
  warehouse: { kind: "redshift", query: `select ${columns.join(", ")} from trips`, watermark: "pickup" },
});

function attributes(trip: Trip): Record<string, AttributeValue> {
  const known = Object.entries(trip).filter(([, value]) => value !== null);
  return Object.fromEntries(
    known.map(([name, value]) => [
      name,
      typeof value === "number" ? { N: String(value) } : { S: String(value) },
    ]),
  );
}

const listen = (server: Server) =>
  new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
