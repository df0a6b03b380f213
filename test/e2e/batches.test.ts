import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import {
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from "@aws-sdk/client-iam";
import { GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { ListTransformJobsCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BatchTable } from "../../handlers/shared/batches/batch-table";
import { root } from "./laptop";
import { Workshop } from "./workshop";

interface Demo {
  release: string;
  predictionUrl: string;
  apiKey: string;
}

interface Batch {
  id: string;
  status: string;
  reason?: string;
  progress: { rows: number | null; done: number };
  release: string | null;
  target: string;
  unit: string;
  upload: { method: string; url: string; fields: Record<string, string>; maxBytes: number };
  download?: { url: string; expires: string };
  rejected?: { rows: number; url: string };
}

type Cells = Record<string, string>;

const trips = readFileSync(join(root, "data/taxis.csv"), "utf8").split("\n");
const [header = ""] = trips;
const columns = header.split(",");
const asked = columns.filter(
  (name) => !["dropoff", "fare", "tip", "tolls", "total", "payment"].includes(name),
);
const table = (text: string) => parse<Cells>(text, { columns: true });

/** A row as POST /predict takes it. */
function recordOf(row: Cells): Record<string, unknown> {
  const numbers = ["passengers", "distance"];
  return Object.fromEntries(
    asked.map((name) => [
      name,
      row[name] === "" ? null : numbers.includes(name) ? Number(row[name]) : row[name],
    ]),
  );
}

describe("batches", function () {
  this.timeout(400_000);
  const workshop = new Workshop();
  let demo: Demo;

  before(async () => {
    // 200 rows are a small file, 2,000 a large one
    workshop.configure("local", { batchEndpointKilobytes: 100, batchMaxMegabytes: 1 });
    demo = await workshop.json<Demo>("demo");
  });
  after(() => workshop.remove());

  const url = (path: string) => demo.predictionUrl.replace(/\/predict$/, path);

  async function ask(path: string, body?: unknown) {
    const headers = { "x-api-key": demo.apiKey, "content-type": "application/json" };
    const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
    const answer = await fetch(url(path), init);
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }

  const create = async (format: string) => (await ask("/batches", { format })).body as Batch;

  async function upload({ upload: { method, url: to, fields } }: Batch, text: string | Uint8Array) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob([text]));
    return fetch(to, { method, body: form });
  }

  /** The batch when it has come to its end; the test's own time-out is the limit. */
  async function ended(id: string): Promise<Batch> {
    for (;;) {
      const batch = (await ask(`/batches/${id}`)).body as Batch;
      if (["completed", "failed", "expired"].includes(batch.status)) return batch;
      await sleep(400);
    }
  }

  async function score(format: string, text: string | Uint8Array): Promise<Batch> {
    const batch = await create(format);
    expect((await upload(batch, text)).status).to.equal(204);
    return ended(batch.id);
  }

  const download = async (address = "") => fetch(address).then((answer) => answer.text());

  async function predict(rows: Cells[]) {
    const { body } = await ask("/predict", { instances: rows.map(recordOf) });
    return (body as { predictions: { value: number; lower: number; upper: number }[] }).predictions;
  }

  async function expectAsPredicted(rows: Cells[]) {
    for (let at = 0; at < rows.length; at += 1000) {
      const part = rows.slice(at, at + 1000);
      const predictions = await predict(part);
      expect(
        part.map(({ prediction, lower, upper }) => [prediction, lower, upper].map(Number)),
      ).to.deep.equal(predictions.map(({ value, lower, upper }) => [value, lower, upper]));
    }
  }

  async function transformJobs() {
    const client = new SageMakerClient(await workshop.client("sagemaker"));
    const { TransformJobSummaries = [] } = await client.send(
      new ListTransformJobsCommand({ NameContains: "-batch-" }),
    );
    return TransformJobSummaries.map(({ TransformJobName }) => TransformJobName);
  }

  it("answers a small CSV file by the endpoint, sets bad rows aside, and tells the subscribers", async () => {
    const lines = trips.slice(0, 201);
    lines[3] = lines[3]!.replace(/,(yellow|green),/, ",blue,");
    lines[10] = `${lines[10]},one cell more`;
    lines[200] = lines[200]!.replace(/^[^,]*/, "2019-02-30 10:00:00");
    const batch = await score("csv", lines.join("\n"));
    expect(batch).to.deep.include({
      status: "completed",
      release: demo.release,
      target: "fare",
      unit: "USD",
    });
    expect(batch.progress).to.deep.equal({ rows: 200, done: 200 });
    expect(await transformJobs()).to.deep.equal([]);

    const rows = table(await download(batch.download?.url));
    expect(rows).to.have.length(197);
    expect(Object.keys(rows[0]!)).to.deep.equal([...columns, "prediction", "lower", "upper", "release"]);
    expect(new Set(rows.map(({ release }) => release))).to.deep.equal(new Set([demo.release]));
    await expectAsPredicted(rows);

    expect(batch.rejected?.rows).to.equal(3);
    const rejected = (await download(batch.rejected?.url)).trim().split("\n");
    const reasons = rejected.map((line) => JSON.parse(line) as { row: number; errors: object[] });
    expect(reasons.map(({ row, errors }) => [row, ...errors])).to.deep.equal([
      [3, { field: "color", value: "blue", rule: "must be one of green, yellow" }],
      [
        10,
        {
          field: "row",
          value: columns.length + 1,
          rule: `must have ${columns.length} cells, as the header has`,
        },
      ],
      [200, { field: "pickup", value: "2019-02-30 10:00:00", rule: "must be a date and time that exists" }],
    ]);

    const mail = await workshop.mail(({ attributes }) => attributes.kind === "batch.completed");
    expect(mail.subject).to.include("197 predictions of fare, 3 rows rejected");
    expect(mail.body).to.include(demo.release).and.to.include("USD on average");
  });

  it("answers a large file by a transform job of the same release, with the same predictions", async () => {
    const lines = trips.slice(0, 2001);
    lines[5] = lines[5]!.replace(/^[^,]*/, "yesterday");
    const batch = await score("csv", lines.join("\r\n"));
    expect(batch).to.deep.include({ status: "completed", release: demo.release });
    expect(batch.progress).to.deep.equal({ rows: 2000, done: 2000 });
    expect(batch.rejected?.rows).to.equal(1);
    expect(await transformJobs()).to.deep.equal([`slipway-local-batch-${batch.id}`]);
    const rows = table(await download(batch.download?.url));
    expect(rows).to.have.length(1999);
    await expectAsPredicted(rows);
  });

  it("answers JSON Lines in JSON Lines, with numbers as they were given, to be saved under a good name", async () => {
    const rows = table(trips.slice(0, 21).join("\n"));
    const lines = rows.map((row) => JSON.stringify({ ...recordOf(row), fare: 7.5 }).replace("7.5}", "7.50}"));
    const batch = await score("jsonl", lines.join("\n"));
    expect(batch.status, batch.reason).to.equal("completed");
    const answer = await fetch(batch.download?.url ?? "");
    expect(answer.headers.get("content-disposition")).to.equal(
      `attachment; filename="predictions-${batch.id}.jsonl"`,
    );
    const results = (await answer.text()).trim().split("\n");
    results.forEach((line, index) => expect(line.startsWith(lines[index]!.slice(0, -1))).to.equal(true));
    const found = results.map((line) => JSON.parse(line) as Record<string, number>);
    expect(found.map(({ prediction, lower, upper }) => ({ prediction, lower, upper }))).to.deep.equal(
      (await predict(rows)).map(({ value, lower, upper }) => ({ prediction: value, lower, upper })),
    );
  });

  it("says what is wrong with a file that is none of records, and tells the subscribers", async () => {
    const wide = Array.from({ length: 100 }, (_, index) => `c${index}`).join(",");
    const files: [string, string | Uint8Array, RegExp][] = [
      ["csv", "", /^The uploaded file is empty/],
      ["csv", `${header}\n`, /has a header and no rows/],
      ["csv", `${wide}\n1\n`, /has a column 'c0' that is not a known field/],
      ["csv", Uint8Array.from([0x1f, 0x8b, 8, 0]), /is compressed with gzip/],
      ["jsonl", "[{}]", /is one JSON array/],
      ["jsonl", '{"distance": 1}\n', /^None of its 1 rows can be predicted/],
    ];
    for (const [format, text, reason] of files) {
      const batch = await score(format, text);
      expect(batch.status).to.equal("failed");
      expect(batch.reason).to.match(reason);
    }
    const mail = await workshop.mail(({ attributes }) => attributes.kind === "batch.failed");
    expect(mail.body).to.match(/Reason: \S/);
  });

  it("takes no more than the limit, for no other object, and scores an upload once", async () => {
    const batch = await create("csv");
    expect((await upload(batch, "x".repeat(1_000_001))).status).to.equal(400);
    const other = { ...batch.upload, fields: { ...batch.upload.fields, key: "raw/s3/x.csv" } };
    expect((await upload({ ...batch, upload: other }, header)).status).to.equal(403);
    expect((await upload(batch, trips.slice(0, 11).join("\n"))).status).to.equal(204);
    const first = await ended(batch.id);
    await upload(batch, trips.slice(0, 21).join("\n"));
    await sleep(1500);
    const again = (await ask(`/batches/${batch.id}`)).body as Batch;
    expect(again.progress).to.deep.equal(first.progress);
    expect(table(await download(again.download?.url))).to.have.length(10);
  });

  it("answers problems: no key, a wrong body, an id that there is not", async () => {
    expect((await fetch(url("/batches"), { method: "POST", body: "{}" })).status).to.equal(403);
    const wrong = await ask("/batches", { format: "xlsx", gzip: true });
    expect(wrong.status).to.equal(400);
    expect(wrong.headers.get("content-type")).to.equal("application/problem+json");
    expect((wrong.body as { errors: object[] }).errors).to.deep.include({
      ...{ field: "format", value: "xlsx", rule: "must be one of csv, jsonl" },
    });
    for (const id of ["0123456789abcdef01234567", "no", "a%20b%27%22", "%F0%9F%9A%95"]) {
      const { status, body } = await ask(`/batches/${id}`);
      expect(status, id).to.equal(404);
      expect(body).to.include({ type: "urn:slipway:problem:unknown-batch" });
    }
  });

  it("gives a batch to one run, and to the same one again, until a transform job has it", async () => {
    const { TableNames = [] } = await new DynamoDBClient(await workshop.client("dynamodb")).send(
      new ListTablesCommand({}),
    );
    const name = TableNames.find((each) => each.startsWith("slipway-local-state-table")) ?? "";
    const table = new BatchTable(name, new DynamoDBClient(await workshop.client("dynamodb")));
    const { id } = await create("csv");
    expect(await table.update(id, { done: 1 })).to.equal(undefined); // it is not under way
    const runs = await Promise.all(["a", "b", "c"].map((owner) => table.claim(id, owner, "v1")));
    expect(runs.filter(Boolean)).to.have.length(1);
    const owner = runs.find(Boolean)?.owner ?? "";
    expect(await table.claim(id, owner, "v1")).to.deep.include({ status: "queued", owner, version: "v1" });
    expect(await table.update(id, { job: "j", heard: null })).not.to.have.any.keys("heard");
    expect(await table.claim(id, owner, "v1")).to.equal(undefined);
    expect(await table.update(id, { status: "failed", reason: "over" })).to.include({ status: "failed" });
    expect(await table.update(id, { status: "completed" })).to.equal(undefined);
    expect(await table.find("0".repeat(24))).to.equal(undefined);
  });

  it("fails, and says why, when the transform job fails", async () => {
    const iam = new IAMClient(await workshop.client("iam"));
    const { Roles = [] } = await iam.send(new ListRolesCommand({}));
    const RoleName = Roles.map((role) => role.RoleName ?? "").find((role) =>
      role.startsWith("slipway-local-endpoint-role"),
    );
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const PolicyName = PolicyNames.find((policy) => policy.includes("read-batches-records"));
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName }));
    const batch = await score("csv", trips.slice(0, 1001).join("\n"));
    expect(batch.status).to.equal("failed");
    expect(batch.reason).to.match(
      /^Its transform job slipway-local-batch-\w+ failed: ClientError: .*not authorized/,
    );
    expect(batch.reason).not.to.match(/arn:|s3:\/\//);
    expect(batch.download).to.equal(undefined);
  });

  it("keeps nothing of a batch anywhere but under batches/, encrypted as all data is", async () => {
    const s3 = new S3Client(await workshop.client("s3"));
    const Bucket = await bucketOf(s3);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "batches/" }));
    const found = new Set(Contents.map(({ Key = "" }) => Key.split("/")[1]));
    expect([...found].sort()).to.deep.equal(["answers", "inputs", "records", "results"]);
    const [first] = Contents;
    const { ServerSideEncryption } = await s3.send(new GetObjectCommand({ Bucket, Key: first!.Key }));
    expect(ServerSideEncryption).to.equal("aws:kms");
  });
});

async function bucketOf(s3: S3Client): Promise<string> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  return Buckets.map(({ Name = "" }) => Name).find((name) => name.includes("-data-")) ?? "";
}
