import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import {
  checkRows,
  lookAtData,
  readSnapshot,
  type SnapshotWork,
  takeSnapshot,
} from "../../../automation/data/snapshot";
import { csv, schema } from "./tables";

type Body = NonNullable<Awaited<ReturnType<typeof S3Client.prototype.send>>>;

const s3 = mockClient(S3Client);
const client = new S3Client({ region: "us-east-1" });
const sha256 = (content: string | Buffer) => createHash("sha256").update(content).digest();
const first = csv("2019-03-01 10:00:00,7,2,,,", "2019-03-02 10:00:00,1.5,1,green,Soho,2");
const second = csv("2019-03-03 10:00:00,3,1,,,");

/** What a test's bucket holds; takes what is put. */
let bucket: Map<string, Buffer>;

/** A bucket with these objects; `kept`: S3 keeps the checksums of their uploads. */
function bucketWith(objects: Record<string, string | Buffer>, { kept = true, version = "v1" } = {}): void {
  s3.reset();
  bucket = new Map(Object.entries(objects).map(([key, content]) => [key, Buffer.from(content)]));
  s3.on(ListObjectsV2Command).callsFake(({ Prefix }: { Prefix: string }) => ({
    Contents: [...bucket]
      .filter(([key]) => key.startsWith(Prefix))
      .map(([Key, { length }]) => ({ Key, Size: length })),
  }));
  s3.on(HeadObjectCommand).callsFake(({ Key }: { Key: string }) => ({
    VersionId: version,
    ContentLength: bucket.get(Key)!.length,
    ChecksumSHA256: kept ? sha256(bucket.get(Key)!).toString("base64") : undefined,
  }));
  s3.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => {
    const content = bucket.get(Key);
    if (content === undefined) throw new NoSuchKey({ message: "no such key", $metadata: {} });
    return {
      Body: Object.assign(Readable.from([content]), {
        transformToString: () => Promise.resolve(content.toString()),
      }) as unknown as Body,
    };
  });
  s3.on(PutObjectCommand).callsFake(
    async ({ Key, Body: given }: { Key: string; Body: string | Buffer | Readable }) => {
      bucket.set(Key, Buffer.from(given instanceof Readable ? await text(given) : given));
      return {};
    },
  );
}

const work: SnapshotWork = { s3: client, bucket: "data", schema, now: () => undefined };
const written = () => [...bucket.keys()].filter((key) => key.startsWith("snapshots/"));

describe("takeSnapshot", () => {
  it("writes the rows, the profile, the rejected rows and, last, what it was made from", async () => {
    bucketWith({ "raw/s3/2019-03-31/b.csv": second, "raw/s3/2019-03-31/a.csv": `${first}x,,,,,\n` });
    const { snapshot, fresh, rejected } = await takeSnapshot(work);
    const { hash, objects, rows, parts } = snapshot;
    expect(fresh).to.equal(true);
    expect(objects.map(({ key, versionId }) => [key, versionId])).to.deep.equal([
      ["raw/s3/2019-03-31/a.csv", "v1"],
      ["raw/s3/2019-03-31/b.csv", "v1"],
    ]);
    expect(objects[1]).to.include({ sha256: sha256(second).toString("hex"), size: second.length });
    expect(rows).to.deep.equal({ read: 4, rejected: 1, duplicates: 0, kept: 3 });
    const data = bucket.get(`snapshots/${hash}/data/part-00000.csv`)!;
    expect(data.toString()).to.equal(
      `${first.replace(",7,", ",7.0,").replace("Soho,2", "Soho,2.0")}2019-03-03 10:00:00,3.0,1,,,\n`,
    );
    expect(parts).to.deep.equal([
      { name: "part-00000.csv", sha256: sha256(data).toString("hex"), size: data.length },
    ]);
    expect(bucket.get(rejected)!.toString()).to.include('"object":"raw/s3/2019-03-31/a.csv","row":3');
    expect(written().filter((key) => key.startsWith(`snapshots/${hash}/`))).to.deep.equal([
      `snapshots/${hash}/data/part-00000.csv`,
      `snapshots/${hash}/profile.json`,
      `snapshots/${hash}/manifest.json`,
    ]);
    expect(await readSnapshot(client, "data", hash)).to.deep.equal(snapshot);
  });

  it("has one hash for the same rows, whichever way they were landed, and another for any other rows", async () => {
    const hashOf = async (objects: Record<string, string | Buffer>, how = {}) => {
      bucketWith(objects, how);
      return (await takeSnapshot(work)).snapshot.hash;
    };
    const hash = await hashOf({ "raw/a.csv": first, "raw/b.csv": second });
    expect(await hashOf({ "raw/b.csv": first, "raw/a.csv": second })).to.equal(hash);
    expect(
      await hashOf({ "raw/a.csv": first, "raw/b.csv": second }, { version: "v2", kept: false }),
    ).to.equal(hash);
    expect(
      await hashOf({ "raw/a.csv": first, "raw/b.csv": second, "raw/again.csv.gz": gzipSync(first) }),
    ).to.equal(hash);
    expect(
      await hashOf({
        "raw/x.jsonl": '{"at":"2019-03-03 10:00:00","miles":3.0,"riders":1}',
        "raw/a.csv": first,
      }),
    ).to.equal(hash);
    expect(await hashOf({ "raw/a.csv": first, "raw/b.csv": second.replace(",3,", ",4,") })).not.to.equal(
      hash,
    );
    expect(await hashOf({ "raw/a.csv": first })).not.to.equal(hash);
  });

  it("looks at the same objects once, and writes the same rows once", async () => {
    bucketWith({ "raw/a.csv": first, "raw/a.csv.manifest.json": "{}" });
    const taken = await takeSnapshot(work);
    s3.resetHistory();
    expect(await takeSnapshot(work)).to.deep.equal({ ...taken, fresh: false });
    expect(s3.commandCalls(PutObjectCommand)).to.have.length(0);
    bucket.set("raw/b.csv", Buffer.from(first));
    const again = await takeSnapshot(work);
    expect(again.snapshot.hash).to.equal(taken.snapshot.hash);
    expect(again.snapshot.rows).to.deep.equal({ read: 4, rejected: 0, duplicates: 2, kept: 2 });
    const keys = s3.commandCalls(PutObjectCommand).map(({ args }) => args[0].input.Key);
    expect(keys).to.have.length(2);
    expect(keys.every((key) => key!.startsWith("snapshots/of/"))).to.equal(true);
  });

  it("takes one source's data when it is asked to", async () => {
    bucketWith({ "raw/a/2019-03-31/a.csv": first, "raw/b/2019-03-31/b.csv": second });
    const { snapshot } = await takeSnapshot({ ...work, source: "b" });
    expect(snapshot.objects.map(({ key }) => key)).to.deep.equal(["raw/b/2019-03-31/b.csv"]);
  });

  it("changes nothing when it is only looked at", async () => {
    bucketWith({ "raw/a.csv": first });
    const { snapshot } = await lookAtData(work);
    expect(written()).to.deep.equal([]);
    expect((await takeSnapshot(work)).snapshot).to.deep.equal(snapshot);
  });

  it("names an object that is cut off, or of no known kind", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `2019-03-01 10:00:00,${i % 90},1,,,${i}`);
    for (const [key, content, words] of [
      [
        "raw/cut.csv.gz",
        gzipSync(csv(...rows)).subarray(0, 5000),
        "cannot be decompressed: unexpected end of file",
      ],
      ["raw/not.csv.gz", first, "cannot be decompressed: incorrect header check"],
      ["raw/notes.txt", "x", "is none of .csv, .csv.gz"],
    ] as const) {
      bucketWith({ "raw/a.csv": first, [key]: content });
      const error = await takeSnapshot(work).catch((failure: Error) => failure);
      expect(error).to.have.property("name", "UserError");
      expect((error as Error).message)
        .to.include(key)
        .and.to.include(words);
      expect(written()).to.deep.equal([]);
    }
  });

  it("does not list again what has been listed", async () => {
    bucketWith({ "raw/a.csv": first });
    const { snapshot } = await lookAtData(work);
    s3.resetHistory();
    const taken = await takeSnapshot({ ...work, landed: snapshot.objects });
    expect(taken.snapshot).to.deep.equal(snapshot);
    expect(s3.commandCalls(ListObjectsV2Command)).to.have.length(0);
    expect(s3.commandCalls(HeadObjectCommand)).to.have.length(0);
  });

  it("says where to put data when there is none", async () => {
    bucketWith({});
    const error = await takeSnapshot(work).catch((failure: Error) => failure);
    expect(error).to.have.property("name", "UserError");
    expect((error as Error).message)
      .to.include("no data under s3://data/raw/")
      .and.to.include("aws s3 cp");
  });
});

describe("checkRows", () => {
  const bad = "x,,,,,\n";

  it("counts the rows of what has just landed, and no others", async () => {
    bucketWith({ "raw/a.csv": `${first}${bad}`, "raw/b.csv": second, "raw/c.csv": second });
    const landed = [
      { object: "raw/a.csv", rows: 3 },
      { object: "raw/b.csv", rows: 1 },
    ];
    const found = await checkRows(work, landed);
    expect(found).to.include({ read: 4, rejected: 1 });
    expect(found.reasons).to.have.length(1);
    expect(await checkRows(work, [])).to.deep.equal({ read: 0, rejected: 0, reasons: [] });
  });

  it("names the object from which other rows are read than have landed, and both numbers", async () => {
    bucketWith({ "raw/a.csv": first, "raw/b.csv": second });
    const landed = [
      { object: "raw/a.csv", rows: 2 },
      { object: "raw/b.csv", rows: 5 },
    ];
    const error = await checkRows(work, landed).catch((failure: Error) => failure);
    expect(error).to.have.property("name", "UserError");
    expect((error as Error).message).to.match(/^raw\/b\.csv has 5 rows .* but 1 row /);
  });

  it("bears lines that are no rows, which the source may have counted otherwise", async () => {
    bucketWith({ "raw/a.csv": `${first}one,cell too,,,,,,,many\n` });
    expect(await checkRows(work, [{ object: "raw/a.csv", rows: 2 }])).to.include({ read: 3, rejected: 1 });
  });
});
