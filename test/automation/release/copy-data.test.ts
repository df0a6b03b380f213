import {
  CopyObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { copyArtifact, copyReleaseData } from "../../../automation/release/copy-data";

const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const model = "a model";
const key = "releases/abc/training/job 1/output/model.tar.gz";
const release = {
  id: "abc",
  ingredients: { snapshot: "5a", imageSource: "i", imageUri: "u", hyperparameters: {}, schema: "s" },
  modelDataUrl: `s3://dev/${encodeURI(key)}`,
  modelDataSha256: hash(model),
};

describe("copying a release between the buckets of two stacks", () => {
  const s3 = mockClient(S3Client);
  const client = new S3Client({ region: "us-east-1" });
  const [from, to] = [
    { s3: client, bucket: "dev" },
    { s3: client, bucket: "main" },
  ];
  const progress = { now: () => undefined, result: () => undefined };
  /** By bucket and key. */
  let objects: Map<string, string>;
  let copied: string[];
  let damage: (text: string) => string;

  beforeEach(() => {
    s3.reset();
    copied = [];
    damage = (text) => text;
    objects = new Map([
      ["dev/snapshots/5a/data/part-0.csv", "rows"],
      ["dev/snapshots/5a/profile.json", "{}"],
      ["dev/snapshots/5a/manifest.json", "{}"],
      ["dev/releases/abc/processed/holdout/requests.jsonl", "{}"],
      ["dev/releases/abc/evaluation/abc/requests.jsonl.out", "{}"],
      ["dev/releases/abc/schema.json", "{}"],
      [`dev/${key}`, model],
    ]);
    const at = ({ Bucket, Key }: { Bucket?: string; Key?: string }) => `${Bucket}/${Key}`;
    s3.on(GetObjectCommand).callsFake((input: { Bucket: string; Key: string }) => {
      const text = objects.get(at(input));
      if (text === undefined) throw new NoSuchKey({ message: "no such key", $metadata: {} });
      return { Body: Object.assign(Readable.from([Buffer.from(text)]), { transformToString: () => text }) };
    });
    s3.on(PutObjectCommand).callsFake((input: { Bucket: string; Key: string; Body: string }) => {
      objects.set(at(input), input.Body);
      return {};
    });
    s3.on(ListObjectsV2Command).callsFake(({ Bucket, Prefix }: { Bucket: string; Prefix: string }) => ({
      Contents: [...objects.keys()]
        .filter((name) => name.startsWith(`${Bucket}/${Prefix}`))
        .map((name) => ({ Key: name.slice(Bucket.length + 1) })),
    }));
    s3.on(CopyObjectCommand).callsFake((input: { Bucket: string; Key: string; CopySource: string }) => {
      const [bucket, name = ""] = input.CopySource.split("/");
      const text = objects.get(`${bucket}/${decodeURIComponent(name)}`);
      if (text === undefined) throw new NoSuchKey({ message: "no such key", $metadata: {} });
      objects.set(at(input), damage(text));
      copied.push(input.Key);
      return {};
    });
  });

  it("brings snapshot, processed rows and schema, the snapshot's manifest last", async () => {
    await copyReleaseData(from, to, release, progress);
    expect(copied).to.deep.equal([
      "snapshots/5a/data/part-0.csv",
      "snapshots/5a/profile.json",
      "snapshots/5a/manifest.json",
      "releases/abc/processed/holdout/requests.jsonl",
    ]);
    expect(objects.has("main/releases/abc/schema.json")).to.equal(true);
  });

  it("leaves a snapshot alone that is whole already", async () => {
    objects.set("main/snapshots/5a/manifest.json", "{}");
    await copyReleaseData(from, to, release, progress);
    expect(copied).to.deep.equal(["releases/abc/processed/holdout/requests.jsonl"]);
  });

  it("brings the artifact under its own key, whatever is in it", async () => {
    expect(await copyArtifact(from, to, release)).to.equal(`s3://main/${key}`);
    expect(objects.get(`main/${key}`)).to.equal(model);
  });

  it("refuses a copy that is not what was trained", async () => {
    damage = () => "another model";
    const error = await copyArtifact(from, to, release).catch((caught: Error) => caught);
    expect((error as Error).message)
      .to.contain(hash("another model"))
      .and.contain(`not ${hash(model)}`)
      .and.contain("Nothing has been deployed");
  });
});
