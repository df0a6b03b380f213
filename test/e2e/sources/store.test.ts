import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { parseEvent } from "../../../handlers/shared/events";
import { land, type Landing } from "../../../handlers/shared/landing/landing";
import { S3Drop } from "../../../handlers/shared/landing/s3-drop";
import { S3Store } from "../../../handlers/shared/landing/s3-store";
import { readText } from "../../../handlers/shared/landing/store";
import { startCloud, type TestCloud } from "../../local/providers/cloud";

const trips = readFileSync(join(__dirname, "../../../data/taxis.csv"));
const rows = trips.subarray(trips.indexOf("\n") + 1);

describe("landing in S3", () => {
  let home: string;
  let cloud: TestCloud;
  let s3: S3Client;
  let s3Settings: S3ClientConfig;
  let sqs: SQSClient;
  let store: S3Store;
  let queueUrl: string;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "slipway-landing-"));
    cloud = await startCloud(home);
    const credentials = { accessKeyId: "test", secretAccessKey: "test" };
    const settings = { region: "us-east-1", endpoint: cloud.url, credentials };
    s3Settings = { ...settings, forcePathStyle: true };
    s3 = new S3Client(s3Settings);
    sqs = new SQSClient(settings);
    await s3.send(new CreateBucketCommand({ Bucket: "data" }));
    queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: "results" }))).QueueUrl!;
    store = new S3Store({ stack: "dev", bucket: "data", queueUrl }, s3, sqs);
  });

  after(async () => {
    await cloud?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  const landing = (name: string, body: Iterable<Buffer>): Landing => ({
    ...{ source: "files", name, date: "2019-03-01", origin: "here", format: "csv", gzip: false },
    body: Readable.from(body, { objectMode: false }),
  });

  const keys = async (prefix: string) => {
    const found: string[] = [];
    for await (const { key } of store.list(prefix)) found.push(key);
    return found;
  };

  /** About 40 MB, so three parts. */
  function* large(): Generator<Buffer> {
    yield trips;
    for (let copy = 1; copy < 46; copy++) yield rows;
  }

  it("lands a file in parts", async () => {
    const outcome = await land(store, landing("large", large()));
    expect(outcome).to.include({ rows: 46 * 6433, object: "raw/files/2019-03-01/large.csv" });
    const manifest = await readText(store, "raw/files/2019-03-01/large.csv.manifest.json");
    expect(JSON.parse(manifest ?? "")).to.include({ rows: 46 * 6433 });
    expect(await land(store, landing("large", large()))).to.equal("already");
  });

  it("leaves nothing of a body that breaks off between its parts", async () => {
    const breaking = function* () {
      yield* large();
      throw new Error("connection reset");
    };
    const error = await land(store, landing("broken", breaking())).catch((reason: Error) => reason.message);
    expect(error).to.equal("connection reset");
    expect(await keys("raw/files/2019-03-01/broken")).to.deep.equal([]);
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: "data" }));
    expect(Uploads).to.deep.equal([]);
  });

  it("moves what turns out bad at its end, and tells the results queue", async () => {
    const cut = function* () {
      yield* large();
      yield Buffer.from('"never closed');
    };
    const outcome = await land(store, landing("cut", cut()));
    expect(outcome).to.have.property("reason").that.contains("ends within a quoted cell");
    expect(await keys("raw/files/2019-03-01/cut")).to.deep.equal([]);
    expect(await keys("rejected/files/2019-03-01/")).to.deep.equal([
      "rejected/files/2019-03-01/cut.csv",
      "rejected/files/2019-03-01/cut.csv.reason.json",
    ]);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl }));
    expect(parseEvent(JSON.parse(Messages?.[0]?.Body ?? "")).detail).to.include({
      ...{ source: "files", origin: "here", object: "rejected/files/2019-03-01/cut.csv" },
      row: 46 * 6433 + 1,
    });
  });

  it("lists keys with any character, and opens just the version that was listed", async () => {
    const strange = ["drop/a b+c%20.csv", "drop/\u0001.csv", "drop/März/🚕.csv"];
    for (const key of strange) await store.write(key, "1");
    expect(await keys("drop/")).to.have.members(strange);
    const drop = new S3Drop("data", s3);
    const file = await drop.find(strange[0]!);
    expect(file?.key).to.equal(strange[0]);
    await store.write(strange[0]!, "2");
    expect(await drop.open(file!)).to.equal(undefined);
    expect(await drop.find("drop/")).to.equal(undefined);
  });

  /** A client in whose reading of an object `meddle` comes first. */
  const meddled = (meddle: () => Promise<unknown>) => {
    const client = new S3Client(s3Settings);
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === "GetObjectCommand") await meddle();
          return next(args);
        },
      { step: "initialize" },
    );
    return client;
  };
  /** What S3 answers to whoever may not list the whole bucket, of a missing object too. */
  const deny = () => Promise.reject(Object.assign(new Error("Access Denied"), { name: "AccessDenied" }));

  it("finds nothing where another run removes the object just before it is read", async () => {
    const remove = () => store.remove("incoming/one");
    for (const meddle of [remove, () => remove().then(deny)]) {
      await store.write("incoming/one", "1");
      const reader = new S3Store({ stack: "dev", bucket: "data", queueUrl }, meddled(meddle), sqs);
      expect(await reader.read("incoming/one")).to.equal(undefined);
      expect(await reader.read("incoming/none")).to.equal(undefined);
      await store.write("incoming/one", "1");
      const drop = new S3Drop("data", meddled(meddle));
      expect(await drop.open((await drop.find("incoming/one"))!)).to.equal(undefined);
    }
  });

  it("says that it may not read what is there", async () => {
    await store.write("incoming/one", "1");
    const reader = new S3Store({ stack: "dev", bucket: "data", queueUrl }, meddled(deny), sqs);
    const drop = new S3Drop("data", meddled(deny));
    const file = (await drop.find("incoming/one"))!;
    for (const reading of [reader.read("incoming/one"), drop.open(file)])
      expect(await reading.catch(({ name }: Error) => name)).to.equal("AccessDenied");
  });
});
