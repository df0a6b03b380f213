import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { type ObjectWriter, type Objects } from "./ports";

/** S3 takes parts of at least 5 MB; some of them are all that is in memory. */
const partSize = 8 * 1024 * 1024;
const partsAtOnce = 2;

/** The data bucket. */
export class S3Objects implements Objects {
  constructor(
    private readonly bucket: string,
    private readonly s3 = new S3Client({ maxAttempts: 5 }),
  ) {}

  async read(key: string, version?: string): Promise<AsyncIterable<Buffer>> {
    const { Body } = await this.s3.send(
      new GetObjectCommand({ Bucket: this.bucket, Key: key, VersionId: version }),
    );
    return Body as Readable;
  }

  async write(key: string, text: string): Promise<void> {
    await this.s3.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: text }));
  }

  writer(key: string): ObjectWriter {
    const body = new PassThrough();
    const params = { Bucket: this.bucket, Key: key, Body: body };
    const upload = new Upload({ client: this.s3, params, partSize, queueSize: partsAtOnce });
    const done = upload.done();
    done.catch((error: Error) => body.destroy(error)); // `write` or `close` throws it
    return {
      async write(text) {
        if (!body.write(text)) await Promise.race([once(body, "drain"), done]);
      },
      async close() {
        body.end();
        await done;
      },
      async abort() {
        await upload.abort();
        await done.catch(() => undefined);
      },
    };
  }
}
