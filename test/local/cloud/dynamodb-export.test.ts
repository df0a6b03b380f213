import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DescribeExportCommand,
  DynamoDBClient,
  type ExportDescription,
  ExportTableToPointInTimeCommand,
  type ExportTableToPointInTimeCommandInput,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { expect } from "chai";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { clientConfig } from "../../../local/state";
import { failure, type Laptop, startLaptop } from "../laptop";

const Bucket = "exports";
const minutes = 60_000;

interface ManifestEntry {
  itemCount: number;
  md5Checksum: string;
  dataFileS3Key: string;
}

describe("DynamoDB exports of the local cloud", function () {
  this.timeout(30_000);
  let laptop: Laptop;
  let dynamo: DynamoDBClient;
  let s3: S3Client;
  const TableArn = (name: string) => `arn:aws:dynamodb:us-east-1:000000000000:table/${name}`;

  before(async () => {
    laptop = await startLaptop("cloud");
    dynamo = new DynamoDBClient(clientConfig(laptop.state));
    s3 = new S3Client(clientConfig(laptop.state, "s3"));
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  after(() => laptop?.stop());

  async function table(TableName: string): Promise<void> {
    await dynamo.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await dynamo.send(
      new UpdateContinuousBackupsCommand({
        TableName,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }),
    );
  }

  const put = (TableName: string, id: string, fare: string) =>
    dynamo.send(new PutItemCommand({ TableName, Item: { id: { S: id }, fare: { N: fare } } }));

  async function completed(ExportArn = "", client = dynamo): Promise<ExportDescription> {
    for (;;) {
      const { ExportDescription: found } = await client.send(new DescribeExportCommand({ ExportArn }));
      if (found && found.ExportStatus !== "IN_PROGRESS") return found;
      await sleep(50);
    }
  }

  async function exported(changes: Partial<ExportTableToPointInTimeCommandInput> = {}) {
    const input = { TableArn: TableArn("trips"), S3Bucket: Bucket, S3Prefix: "incoming/ledger", ...changes };
    const { ExportDescription: begun } = await dynamo.send(new ExportTableToPointInTimeCommand(input));
    return completed(begun?.ExportArn);
  }

  async function read(Key = ""): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from(await Body!.transformToByteArray());
  }

  /** The lines of an export's data files. */
  async function lines({ ExportManifest }: ExportDescription): Promise<Record<string, unknown>[]> {
    const summary = JSON.parse((await read(ExportManifest)).toString()) as { manifestFilesS3Key: string };
    const files = (await read(summary.manifestFilesS3Key)).toString().trim().split("\n");
    const found: Record<string, unknown>[] = [];
    for (const file of files.map((line) => JSON.parse(line) as ManifestEntry)) {
      const body = await read(file.dataFileS3Key);
      expect(createHash("md5").update(body).digest("base64")).to.equal(file.md5Checksum);
      const items = gunzipSync(body).toString().split("\n").filter(Boolean);
      expect(items).to.have.length(file.itemCount);
      found.push(...items.map((line) => JSON.parse(line) as Record<string, unknown>));
    }
    return found;
  }

  const incremental = (from: number, to = Date.now()): Partial<ExportTableToPointInTimeCommandInput> => ({
    ExportType: "INCREMENTAL_EXPORT",
    IncrementalExportSpecification: { ExportFromTime: new Date(from), ExportToTime: new Date(to) },
  });

  describe("of a whole table", () => {
    before(async () => {
      await table("trips");
      const RequestItems = {
        trips: [1, 2, 3, 4, 5].map((n) => ({
          PutRequest: { Item: { id: { S: `t${n}` }, fare: { N: `${n}.50` } } },
        })),
      };
      await dynamo.send(new BatchWriteItemCommand({ RequestItems }));
    });

    it("write AWS's layout, with every item once", async () => {
      const found = await exported();
      expect(found).to.include({ ExportStatus: "COMPLETED", ExportType: "FULL_EXPORT", ItemCount: 5 });
      const id = found.ExportArn?.split("/").at(-1);
      const folder = `incoming/ledger/AWSDynamoDB/${id}/`;
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: folder }));
      expect(Contents.map(({ Key = "" }) => Key.slice(folder.length).replace(/[0-9a-f]{26}/, "*"))).to.eql([
        ...["_started", "data/*.json.gz", "data/*.json.gz", "data/*.json.gz"],
        ...["manifest-files.checksum", "manifest-files.json"],
        ...["manifest-summary.checksum", "manifest-summary.json"],
      ]);
      const items = (await lines(found)).map(({ Item }) => (Item as { id: { S: string } }).id.S);
      expect(items.sort()).to.eql(["t1", "t2", "t3", "t4", "t5"]);
    });

    it("are of the time asked for, whatever changed since", async () => {
      const before = await exported();
      await sleep(1100); // export times are whole seconds
      await dynamo.send(new DeleteItemCommand({ TableName: "trips", Key: { id: { S: "t1" } } }));
      await put("trips", "t2", "99");
      await put("trips", "t6", "6");
      const asItWas = await lines(await exported({ ExportTime: before.ExportTime }));
      const text = (found: object[]) => found.map((line) => JSON.stringify(line)).sort();
      expect(text(asItWas)).to.eql(text(await lines(before)));
    });

    it("are the same export for the same client token, and a conflict for another request", async () => {
      const first = await exported({ ClientToken: "once" });
      expect((await exported({ ClientToken: "once" })).ExportArn).to.equal(first.ExportArn);
      const other = await failure(exported({ ClientToken: "once", S3Prefix: "elsewhere" }));
      expect(other.name).to.equal("ExportConflictException");
    });

    it("need point-in-time recovery, and a bucket", async () => {
      await dynamo.send(
        new CreateTableCommand({
          TableName: "plain",
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
      const refused = await failure(exported({ TableArn: TableArn("plain") }));
      expect(refused.name).to.equal("PointInTimeRecoveryUnavailableException");
      const lost = await exported({ S3Bucket: "nowhere" });
      expect(lost).to.include({ ExportStatus: "FAILED", FailureCode: "S3NoSuchBucket" });
    });
  });

  describe("of changes", () => {
    it("have one record an item, and none for what came and went", async () => {
      await table("changes");
      const start = Date.now() - 20 * minutes;
      await put("changes", "kept", "1");
      await put("changes", "changed", "1");
      await put("changes", "changed", "2");
      await put("changes", "gone", "1");
      await dynamo.send(new DeleteItemCommand({ TableName: "changes", Key: { id: { S: "gone" } } }));
      await sleep(1100);
      const found = await exported({ TableArn: TableArn("changes"), ...incremental(start) });
      const records = await lines(found);
      expect(records.map(({ NewImage }) => NewImage)).to.have.deep.members([
        { id: { S: "kept" }, fare: { N: "1" } },
        { id: { S: "changed" }, fare: { N: "2" } },
      ]);
      expect(records[0]).to.have.all.keys("Metadata", "Keys", "NewImage");
    });

    it("tell of a deletion by the item's keys", async () => {
      await table("deleted");
      await put("deleted", "t1", "1");
      await sleep(1100); // windows begin and end at whole seconds
      const cut = Math.floor(Date.now() / 1000) * 1000;
      await dynamo.send(new DeleteItemCommand({ TableName: "deleted", Key: { id: { S: "t1" } } }));
      await sleep(1100);
      const all = await lines(
        await exported({ TableArn: TableArn("deleted"), ...incremental(cut - 20 * minutes) }),
      );
      expect(all).to.eql([]); // made and removed within the window
      const atCut = await lines(await exported({ TableArn: TableArn("deleted"), ExportTime: new Date(cut) }));
      expect(atCut).to.have.length(1);
    });

    it("refuse windows that AWS refuses", async () => {
      const of = (from: number, to?: number) => failure(exported(incremental(from, to)));
      expect((await of(Date.now() - 14 * minutes)).message).to.contain("from 15 minutes to 24 hours");
      expect((await of(Date.now() - 25 * 60 * minutes)).message).to.contain("from 15 minutes to 24 hours");
      expect((await of(Date.now(), Date.now() + 20 * minutes)).name).to.equal("InvalidExportTimeException");
    });
  });

  describe("by a role", () => {
    it("do no more than it may", async () => {
      const iam = new IAMClient(clientConfig(laptop.state));
      const trust = {
        Effect: "Allow",
        Principal: { Service: "lambda.amazonaws.com" },
        Action: "sts:AssumeRole",
      };
      const document = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement });
      const RoleName = "exporter";
      const { Role } = await iam.send(
        new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }),
      );
      const { Credentials: issued } = await new STSClient(clientConfig(laptop.state)).send(
        new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: "test" }),
      );
      const credentials = {
        accessKeyId: issued!.AccessKeyId!,
        secretAccessKey: issued!.SecretAccessKey!,
        sessionToken: issued!.SessionToken!,
      };
      const client = new DynamoDBClient({ ...clientConfig(laptop.state), credentials });
      const allow = (...Statement: object[]) =>
        iam.send(
          new PutRolePolicyCommand({ RoleName, PolicyName: "all", PolicyDocument: document(...Statement) }),
        );
      const start = () =>
        client.send(
          new ExportTableToPointInTimeCommand({
            ...{ TableArn: TableArn("trips"), S3Bucket: Bucket, S3Prefix: "incoming/ledger" },
          }),
        );
      const onTable = {
        Effect: "Allow",
        Action: ["dynamodb:ExportTableToPointInTime", "dynamodb:DescribeExport"],
        Resource: [TableArn("trips"), `${TableArn("trips")}/export/*`],
      };
      const onObjects = {
        Effect: "Allow",
        Action: ["s3:PutObject", "s3:PutObjectAcl", "s3:AbortMultipartUpload"],
        Resource: `arn:aws:s3:::${Bucket}/incoming/ledger/*`,
      };
      await allow({ ...onTable, Resource: TableArn("other") });
      expect((await failure(start())).name).to.equal("AccessDeniedException");
      await allow(onTable);
      const refused = await completed((await start()).ExportDescription?.ExportArn, client);
      expect(refused).to.include({ ExportStatus: "FAILED", FailureCode: "S3AccessDenied" });
      expect(refused.FailureMessage).to.contain("s3:PutObject");
      await allow(onTable, onObjects);
      const allowed = await completed((await start()).ExportDescription?.ExportArn, client);
      expect(allowed.ExportStatus).to.equal("COMPLETED");
    });
  });
});
