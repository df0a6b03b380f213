import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Readable } from "node:stream";
import { type Drop } from "./incoming";
import { listObjects } from "./s3-store";
import { type Listed } from "./store";

/** A bucket, of this account or another one, in whichever region. */
export class S3Drop implements Drop {
  constructor(
    readonly bucket: string,
    private readonly s3 = new S3Client({ maxAttempts: 5, followRegionRedirects: true }),
  ) {}

  list(prefix: string): AsyncIterable<Listed> {
    return listObjects(this.s3, this.bucket, prefix);
  }

  async find(key: string): Promise<Listed | undefined> {
    for await (const file of this.list(key)) return file.key === key ? file : undefined;
    return undefined;
  }

  async open({ key, etag }: Listed): Promise<{ body: Readable; gzip: boolean } | undefined> {
    try {
      const { Body, ContentEncoding } = await this.s3.send(
        new GetObjectCommand({ Bucket: this.bucket, Key: key, IfMatch: `"${etag}"` }),
      );
      return { body: Body as Readable, gzip: ContentEncoding === "gzip" };
    } catch (error) {
      // S3 tells only those of a missing object who may list the whole bucket; others it denies access.
      if ((await this.find(key))?.etag === etag) throw error;
      return undefined; // removed or replaced since it was listed
    }
  }
}
