import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { hostname } from "node:os";
import { type ReleaseContext } from "../../automation/release/context";
import { withDeploymentLock } from "../../automation/release/lock";
import { birthOf } from "../../local/supervisor/lock";

const s3 = mockClient(S3Client);
const context = {
  clients: { s3: new S3Client({ region: "us-east-1" }) },
  outputs: { dataBucket: "data" },
  stack: { name: "dev" },
} as unknown as ReleaseContext;

/** The lock object of a bucket with S3's conditional writes. */
let lock: { text: string; etag: string } | undefined;
let writes = 0;

const failure = (name: string) => new S3ServiceException({ name, $fault: "client", $metadata: {} });

function put({ Body, IfMatch, IfNoneMatch }: PutObjectCommandInput) {
  if (IfNoneMatch === "*" && lock) throw failure("PreconditionFailed");
  if (IfMatch !== undefined && IfMatch !== lock?.etag) throw failure("PreconditionFailed");
  lock = { text: Body as string, etag: `"${++writes}"` };
  return { ETag: lock.etag };
}

const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();

/** Another command's lock. */
function heldBy(owner: object): void {
  const other = {
    id: "other",
    command: "slipway release dev",
    by: "ann",
    host: "elsewhere",
    pid: 1,
    birth: "",
  };
  lock = {
    text: JSON.stringify({ ...other, since: minutesFromNow(-9), until: minutesFromNow(1), ...owner }),
    etag: '"0"',
  };
}

const attempt = () =>
  withDeploymentLock(context, "rollback", () => Promise.resolve("done")).catch(
    (error: Error) => error.message,
  );

describe("withDeploymentLock", () => {
  beforeEach(() => {
    lock = undefined;
    s3.reset();
    s3.on(PutObjectCommand).callsFake(put);
    s3.on(DeleteObjectCommand).callsFake(() => ((lock = undefined), {}));
    s3.on(GetObjectCommand).callsFake(() => {
      if (!lock) throw new NoSuchKey({ message: "no such key", $metadata: {} });
      const { text, etag } = lock;
      return { ETag: etag, Body: { transformToString: () => Promise.resolve(text) } };
    });
  });

  it("says who works while the work lasts, and nothing afterwards, even when it fails", async () => {
    const failed = await withDeploymentLock(context, "release", () => {
      expect(JSON.parse(lock!.text)).to.include({
        command: "slipway release dev",
        host: hostname(),
        pid: process.pid,
      });
      return Promise.reject(new Error("no data"));
    }).catch((error: Error) => error.message);
    expect(failed).to.equal("no data");
    expect(lock).to.equal(undefined);
  });

  it("refuses a second one, naming the first with its user, machine and process", async () => {
    heldBy({ pid: 4711 });
    expect(await attempt())
      .to.include("'slipway release dev' is under way already")
      .and.to.include("by ann on elsewhere (process 4711)");
    heldBy({ host: hostname(), pid: process.pid, birth: birthOf(process.pid), until: minutesFromNow(-5) });
    expect(await attempt(), "it lives, however silent it is").to.include("is under way already");
  });

  it("takes over from one that died: here at once, elsewhere when it is silent", async () => {
    heldBy({ host: hostname(), pid: process.pid, birth: "of another process" });
    expect(await attempt()).to.equal("done");
    heldBy({ until: minutesFromNow(-1) });
    expect(await attempt()).to.equal("done");
  });

  it("refuses when somebody is quicker by a moment", async () => {
    s3.on(PutObjectCommand).callsFakeOnce(() => {
      heldBy({ by: "ben" });
      throw failure("PreconditionFailed");
    });
    expect(await attempt()).to.include("by ben on elsewhere");
  });

  it("leaves the lock of whoever has taken over alone", async () => {
    await withDeploymentLock(context, "release", () => Promise.resolve(heldBy({ by: "ben" })));
    expect(lock?.text).to.include("ben");
  });
});
