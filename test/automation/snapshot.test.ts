import {
  CopyObjectCommand,
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
import { type Snapshot, takeSnapshot } from "../../automation/release/snapshot";

type Body = NonNullable<Awaited<ReturnType<typeof S3Client.prototype.send>>>;

const s3 = mockClient(S3Client);
const client = new S3Client({ region: "us-east-1" });
const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** A bucket that holds these objects; `kept`: S3 keeps the checksums of their uploads. */
function bucketWith(objects: Record<string, string>, { kept = true, version = "v1" } = {}): void {
  s3.reset();
  const keys = Object.keys(objects).filter((key) => key.startsWith("raw/"));
  s3.on(ListObjectsV2Command).resolves({
    Contents: keys.map((Key) => ({ Key, Size: objects[Key]?.length })),
  });
  s3.on(HeadObjectCommand).callsFake(({ Key }: { Key: string }) => ({
    VersionId: version,
    ContentLength: objects[Key]?.length,
    ChecksumSHA256: kept ? sha256(objects[Key] ?? "").toString("base64") : undefined,
  }));
  s3.on(GetObjectCommand).callsFake(({ Key }: { Key: string }) => {
    const text = objects[Key];
    if (text === undefined) throw new NoSuchKey({ message: "no such key", $metadata: {} });
    const body = Readable.from([Buffer.from(text)]);
    return {
      Body: Object.assign(body, { transformToString: () => Promise.resolve(text) }) as unknown as Body,
    };
  });
  s3.on(CopyObjectCommand).resolves({});
  s3.on(PutObjectCommand).resolves({});
}

describe("takeSnapshot", () => {
  it("says which objects it froze, with version, checksum and size", async () => {
    bucketWith({ "raw/s3/2019-03-31/b.csv": "bb", "raw/s3/2019-03-31/a.csv": "a" });
    const { objects } = await takeSnapshot(client, "data");
    expect(objects).to.deep.equal([
      { key: "raw/s3/2019-03-31/a.csv", versionId: "v1", sha256: sha256("a").toString("hex"), size: 1 },
      { key: "raw/s3/2019-03-31/b.csv", versionId: "v1", sha256: sha256("bb").toString("hex"), size: 2 },
    ]);
  });

  it("has one hash for the same data, however it was landed, and another for any other data", async () => {
    const hashOf = async (objects: Record<string, string>, how = {}) => {
      bucketWith(objects, how);
      return (await takeSnapshot(client, "data")).hash;
    };
    const first = await hashOf({ "raw/a.csv": "a", "raw/b.csv": "b" });
    expect(await hashOf({ "raw/b.csv": "b", "raw/a.csv": "a" })).to.equal(first);
    expect(await hashOf({ "raw/a.csv": "a", "raw/b.csv": "b" }, { version: "v2" })).to.equal(first);
    expect(await hashOf({ "raw/a.csv": "a", "raw/b.csv": "b" }, { kept: false })).to.equal(first);
    expect(await hashOf({ "raw/a.csv": "a", "raw/b.csv": "c" })).not.to.equal(first);
    expect(await hashOf({ "raw/a.csv": "a", "raw/c.csv": "b" })).not.to.equal(first);
  });

  it("copies the versions that it looked at, and writes the manifest last", async () => {
    bucketWith({ "raw/s3/a b.csv": "a" });
    const { hash } = await takeSnapshot(client, "data");
    const [copy] = s3.commandCalls(CopyObjectCommand);
    expect(copy?.args[0].input).to.deep.include({
      Key: `snapshots/${hash}/data/s3/a b.csv`,
      CopySource: "data/raw%2Fs3%2Fa%20b.csv?versionId=v1",
    });
    const last = s3.calls().at(-1)?.args[0].input as { Key: string; Body: string };
    expect(last.Key).to.equal(`snapshots/${hash}/manifest.json`);
    expect((JSON.parse(last.Body) as Snapshot).hash).to.equal(hash);
  });

  it("copies nothing when the same data was frozen before", async () => {
    bucketWith({ "raw/a.csv": "a" });
    const snapshot = await takeSnapshot(client, "data");
    bucketWith({ "raw/a.csv": "a", [`snapshots/${snapshot.hash}/manifest.json`]: JSON.stringify(snapshot) });
    await takeSnapshot(client, "data");
    expect(s3.commandCalls(CopyObjectCommand)).to.have.length(0);
    expect(s3.commandCalls(PutObjectCommand)).to.have.length(0);
  });

  it("says where to put data when there is none", async () => {
    bucketWith({});
    const error = await takeSnapshot(client, "data").catch((failure: Error) => failure);
    expect(error).to.have.property("name", "UserError");
    expect((error as Error).message)
      .to.include("no data under s3://data/raw/")
      .and.to.include("aws s3 cp");
  });
});
