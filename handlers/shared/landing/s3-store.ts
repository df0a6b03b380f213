import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ServiceException,
} from "@aws-sdk/client-s3";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Upload } from "@aws-sdk/lib-storage";
import { type Readable } from "node:stream";
import { type Listed, type Store } from "./store";

/** With S3's 10,000 parts this is enough for 160 GB, and a few of them are all that is in memory. */
const partSize = 16 * 1024 * 1024;
const partsAtOnce = 2;

export interface S3StoreSettings {
  stack: string;
  bucket: string;
  queueUrl: string;
}

/** The data bucket, and the results queue. */
export class S3Store implements Store {
  readonly stack: string;

  constructor(
    private readonly settings: S3StoreSettings,
    private readonly s3 = new S3Client({ maxAttempts: 5 }),
    private readonly sqs = new SQSClient({ maxAttempts: 5 }),
  ) {
    this.stack = settings.stack;
  }

  /** By listing: S3 tells only those of a missing object who may list the whole bucket. */
  async exists(key: string): Promise<boolean> {
    const { bucket: Bucket } = this.settings;
    const { Contents } = await this.s3.send(new ListObjectsV2Command({ Bucket, Prefix: key, MaxKeys: 1 }));
    return Contents?.[0]?.Key === key;
  }

  async read(key: string): Promise<Readable | undefined> {
    if (!(await this.exists(key))) return undefined;
    try {
      const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: this.settings.bucket, Key: key }));
      return Body as Readable;
    } catch (error) {
      if (await this.exists(key)) throw error;
      return undefined; // another run has removed it meanwhile
    }
  }

  async readRange(key: string, start: number, end: number): Promise<ArrayBuffer> {
    const input = { Bucket: this.settings.bucket, Key: key, Range: `bytes=${start}-${end - 1}` };
    const { Body } = await this.s3.send(new GetObjectCommand(input));
    const bytes = await Body!.transformToByteArray();
    return new Uint8Array(bytes).buffer;
  }

  async write(Key: string, Body: Readable | string): Promise<void> {
    const params = { Bucket: this.settings.bucket, Key, Body };
    if (typeof Body === "string") {
      await this.s3.send(new PutObjectCommand({ ...params, ContentType: "application/json" }));
      return;
    }
    await new Upload({ client: this.s3, params, partSize, queueSize: partsAtOnce }).done();
  }

  async writeIf(Key: string, Body: string, version: string | undefined): Promise<string | undefined> {
    const condition = version === undefined ? { IfNoneMatch: "*" } : { IfMatch: `"${version}"` };
    const put = { Bucket: this.settings.bucket, Key, Body, ContentType: "application/json", ...condition };
    try {
      return unquoted((await this.s3.send(new PutObjectCommand(put))).ETag);
    } catch (error) {
      // another writer was first, or is at it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      const { httpStatusCode = 0 } = (error as Partial<S3ServiceException>).$metadata ?? {};
      if ([409, 412].includes(httpStatusCode)) return undefined;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await this.s3.send(new DeleteObjectCommand({ Bucket: this.settings.bucket, Key: key }));
  }

  list(prefix: string): AsyncIterable<Listed> {
    return listObjects(this.s3, this.settings.bucket, prefix);
  }

  async announce(event: Parameters<Store["announce"]>[0]): Promise<void> {
    const MessageBody = JSON.stringify(event);
    await this.sqs.send(new SendMessageCommand({ QueueUrl: this.settings.queueUrl, MessageBody }));
  }
}

/** The objects of any bucket under `prefix`, in order of their keys. */
export async function* listObjects(s3: S3Client, Bucket: string, Prefix: string): AsyncGenerator<Listed> {
  let ContinuationToken: string | undefined;
  do {
    // a key may have characters that XML cannot hold
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken, EncodingType: "url" }),
    );
    for (const { Key = "", Size = 0, ETag = "", LastModified = new Date(0) } of page.Contents ?? []) {
      const key = page.EncodingType === "url" ? decodeURIComponent(Key.replaceAll("+", " ")) : Key;
      yield { key, bytes: Size, etag: unquoted(ETag), lastModified: LastModified };
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}

const unquoted = (etag = "") => etag.replaceAll('"', "");
