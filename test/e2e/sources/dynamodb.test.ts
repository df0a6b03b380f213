import {
  type AttributeValue,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DynamodbSink } from "../../../automation/feed/dynamodb-sink";
import { eventsOf } from "../../../automation/feed/events";
import { feed } from "../../../automation/feed/feed";
import { readSchema } from "../../../automation/project";
import { DynamodbSource } from "../../../components/sources/dynamodb-source";
import { type IngestResult } from "../../../handlers/shared/landing/landing";
import { failure } from "../../components/mocks";
import { SourceStack } from "./source-stack";

const trips = join(__dirname, "../../../data/taxis.csv");
const rows = parse<Record<string, string>>(readFileSync(trips), { columns: true }).slice(0, 500);
const numbers = ["passengers", "distance", "fare", "tip", "tolls", "total"];
const TableName = "plugins-sources-ledger";
const table = `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`;

const itemOf = (id: number, row: Record<string, string>) => ({
  id: { S: `t${id}` },
  ...Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => value !== "")
      .map(([name, value]) => [name, numbers.includes(name) ? { N: value } : { S: value }]),
  ),
});

describe("dynamodb source on the laptop", function () {
  this.timeout(120_000);
  let world: SourceStack;
  let dynamo: DynamoDBClient;

  before(async function () {
    const started = await SourceStack.start((common) => {
      const settings = { kind: "dynamodb" as const, schedule: "rate(1 day)" };
      new DynamodbSource("ledger", { ...common, source: "ledger", settings, deleteData: true });
      new DynamodbSource("changes", {
        ...{ ...common, source: "changes", deleteData: true },
        settings: { kind: "dynamodb", mode: "stream", bufferSeconds: 1 },
      });
    });
    if (!started) return this.skip(); // this machine has no Pulumi CLI
    world = started;
    await world.stack.up();
    dynamo = new DynamoDBClient(world.clientSettings);
    for (let at = 0; at < rows.length; at += 25) {
      const puts = rows
        .slice(at, at + 25)
        .map((row, index): WriteRequest => ({ PutRequest: { Item: itemOf(at + index, row) } }));
      await dynamo.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
    }
  });

  after(() => world?.stop());

  /** Runs until nothing is left to be landed but what AWS takes 15 minutes for. */
  async function runs(): Promise<IngestResult[]> {
    const results: IngestResult[] = [];
    for (;;) {
      const result = await world.run("ledger");
      results.push(result);
      if (result.waiting === undefined) return results;
      await sleep(200);
    }
  }

  /** What has been written up to now is older than a window. */
  async function timePasses(): Promise<void> {
    const state = { until: new Date(Date.now() - 16 * 60_000).toISOString(), failures: 0 };
    await world.put(await world.bucket(), "sources/ledger/state.json", JSON.stringify(state));
    await sleep(1100); // windows end at whole seconds
  }

  const landedBy = (results: IngestResult[]) =>
    results.flatMap(({ landed }) => landed).reduce((sum, one) => sum + one.rows, 0);

  it("changes nothing when nothing changed, nor after a refresh", async () => {
    await world.stack.up({ refresh: true, expectNoChanges: true });
  });

  it("lands every item of the table, as schema.json has it", async () => {
    const results = await runs();
    expect(results.flatMap(({ setAside }) => setAside)).to.eql([]);
    expect(landedBy(results)).to.equal(rows.length);
    const found = await world.lines("ledger");
    expect(found).to.have.length(rows.length);
    const distances = found.map((line) => /"distance":([\d.]+)/.exec(line)?.[1]).sort();
    expect(distances).to.eql(rows.map(({ distance }) => String(Number(distance))).sort());
    expect(Object.keys(JSON.parse(found[0]!) as object)).to.not.include("id");
  });

  it("lands what changed since, and nothing of what was deleted", async () => {
    await dynamo.send(new PutItemCommand({ TableName, Item: itemOf(1000, { ...rows[0], fare: "7.25" }) }));
    await dynamo.send(new DeleteItemCommand({ TableName, Key: { id: { S: "t0" } } }));
    await timePasses();
    const results = await runs();
    // one new, one deleted; the others were made within the window
    expect(landedBy(results)).to.equal(rows.length);
  });

  it("lands nothing twice when it was killed after it had landed, and leaves nothing in incoming/", async () => {
    const before = await world.snapshot("ledger");
    expect(await world.restore("ledger")).to.be.least(3);
    await world.rewind("ledger", ({ pending }) => (pending as { arn?: string })?.arn !== undefined);
    expect(landedBy(await runs())).to.equal(0);
    expect((await world.snapshot("ledger")).rows).to.eql(before.rows);
    expect(await world.documents("incoming/ledger/", "manifest-summary.json")).to.eql([]);
  });

  it("lands a value of another type, which the snapshot rejects by object, row and field", async () => {
    const { rejected } = (await world.snapshot("ledger")).rows;
    await dynamo.send(
      new PutItemCommand({ TableName, Item: { ...itemOf(2000, rows[1]!), fare: { S: "cheap" } } }),
    );
    await timePasses();
    const landed = (await runs()).flatMap((one) => one.landed.map(({ object }) => object));
    const found = await world.snapshot("ledger");
    expect(found.rows.rejected).to.equal(rejected + 1);
    const broken = found.broken.find(({ record }) => (record as { fare: unknown }).fare === "cheap");
    expect(broken?.object).to.be.oneOf(landed);
    expect(broken?.row).to.be.a("number");
    expect(broken).to.have.nested.property("errors[0].field", "fare");
  });

  it("says what DynamoDB says when the table cannot be exported, and goes on when it can", async () => {
    const remember = (PointInTimeRecoveryEnabled: boolean) =>
      dynamo.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled },
        }),
      );
    await dynamo.send(new PutItemCommand({ TableName, Item: itemOf(3000, { ...rows[2]!, fare: "8.25" }) }));
    await timePasses();
    await remember(false);
    expect(await failure(() => runs())).to.match(/Point in time recovery/i);
    await remember(true);
    expect(landedBy(await runs())).to.be.least(1);
  });

  it("lands a stream's changes as they come, those of the feed, too, and sets poison items aside", async () => {
    const changes = "plugins-sources-changes";
    const put = (Item: Record<string, AttributeValue>) =>
      dynamo.send(new PutItemCommand({ TableName: changes, Item }));
    const { fare, ...renamed } = itemOf(3, rows[3]!) as Record<string, AttributeValue>;
    const events = eventsOf(trips, readSchema(), { rate: 40, poison: 0 });
    const sink = await DynamodbSink.open(dynamo, table.replace(TableName, changes));
    const sending = feed(events, sink, {
      ...{ rate: 40, seconds: 1, signal: new AbortController().signal, progress: () => undefined },
    });
    await Promise.all([
      ...[0, 1, 2].map((id) => put(itemOf(id, rows[id]!))),
      put({ ...renamed, price: fare! }),
    ]);
    expect((await sending).sent).to.equal(40);
    for (let landed = 0; landed < 43; await sleep(200)) {
      const manifests = await world.documents("raw/changes/", ".manifest.json");
      landed = manifests.reduce((sum, one) => sum + Number(one.rows), 0);
    }
    let notes: Record<string, unknown>[] = [];
    while (notes.length === 0) notes = await world.setAside("changes");
    expect(notes[0]?.reason).to.match(/has no column 'fare'/);
    expect((await world.snapshot("changes")).rows).to.eql({ read: 43, rejected: 0, duplicates: 0, kept: 43 });
  });

  it("may export no other table, and write nowhere else", async () => {
    const bucket = `arn:aws:s3:::${await world.bucket()}`;
    expect(
      await world.decisions("ledger", {
        "dynamodb:ExportTableToPointInTime": [table, `${table}-other`],
        "dynamodb:GetItem": [table],
        "s3:PutObject": [
          `${bucket}/incoming/ledger/x`,
          `${bucket}/incoming/other/x`,
          `${bucket}/snapshots/x`,
        ],
      }),
    ).to.eql(["allowed", "implicitDeny", "implicitDeny", "allowed", "implicitDeny", "implicitDeny"]);
  });

  it("is gone with its table when the stack is destroyed", async () => {
    await world.stack.destroy();
    expect(await world.resources()).to.eql([]);
  });
});
