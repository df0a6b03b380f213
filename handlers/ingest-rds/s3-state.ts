import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type Store } from "../shared/landing/store";
import { type StateStore } from "./state";

/** The state in the data bucket. S3 lets only one of two writers of the same version through. */
export class S3StateStore implements StateStore {
  constructor(
    private readonly s3: S3Client,
    private readonly store: Pick<Store, "exists">,
    private readonly at: { Bucket: string; Key: string },
  ) {}

  async read() {
    if (!(await this.store.exists(this.at.Key))) return { text: undefined, version: undefined };
    const { Body, ETag } = await this.s3.send(new GetObjectCommand(this.at));
    return { text: await Body!.transformToString(), version: ETag };
  }

  async write(Body: string, version: string | undefined): Promise<string | undefined> {
    const condition = version === undefined ? { IfNoneMatch: "*" } : { IfMatch: version };
    try {
      const put = new PutObjectCommand({ ...this.at, ...condition, Body, ContentType: "application/json" });
      return (await this.s3.send(put)).ETag;
    } catch (error) {
      // another writer was first, or is at it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
      if (
        [409, 412].includes(
          (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0,
        )
      )
        return undefined;
      throw error;
    }
  }
}
