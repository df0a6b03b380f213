import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type s3 } from "@pulumi/aws";
import { assetBytes } from "../shared/assets";
import { type Call, idOf, type Inputs, resource } from "../shared/resource";
import { fromTagList } from "../shared/tags";
import { bucketRule } from "./s3-setting";

async function putObject(
  inputs: Inputs<s3.BucketObjectv2Args> & { tagsAll: Record<string, string> },
  call: Call,
) {
  const { key: Key, content, contentBase64, source } = inputs;
  const Bucket = idOf(inputs.bucket);
  const Body =
    content !== undefined
      ? content
      : contentBase64 !== undefined
        ? Buffer.from(contentBase64, "base64")
        : await assetBytes(source);
  await call.client(S3Client).send(
    new PutObjectCommand({
      ...{ Bucket, Key, Body },
      ...{ ContentType: inputs.contentType, CacheControl: inputs.cacheControl, Metadata: inputs.metadata },
      ...{ ContentDisposition: inputs.contentDisposition, ContentEncoding: inputs.contentEncoding },
      ...{
        ServerSideEncryption: inputs.serverSideEncryption as "aws:kms" | undefined,
        SSEKMSKeyId: inputs.kmsKeyId,
      },
      ...{
        StorageClass: inputs.storageClass as "STANDARD" | undefined,
        BucketKeyEnabled: inputs.bucketKeyEnabled,
      },
      Tagging: new URLSearchParams(inputs.tagsAll).toString() || undefined,
    }),
  );
  return `${Bucket}/${Key}`;
}

export const bucketObject = resource<s3.BucketObjectv2Args>({
  inputs: {
    bucket: bucketRule,
    key: { replaces: true, autoName: { maxLength: 1024 } },
    content: {},
    contentBase64: {},
    source: {},
    contentType: { computed: true },
    cacheControl: {},
    contentDisposition: {},
    contentEncoding: {},
    metadata: {},
    serverSideEncryption: { computed: true },
    kmsKeyId: { computed: true },
    bucketKeyEnabled: { computed: true },
    storageClass: { computed: true },
    forceDestroy: { default: false },
    etag: { computed: true },
    sourceHash: {},
    tags: {},
  },
  outputs: ["versionId"],
  volatile: ["versionId", "etag"],
  fromImportId: (id) => ({ bucket: id.split("/")[0], key: id.split("/").slice(1).join("/") }),
  create: putObject,
  async read(state, call) {
    const client = call.client(S3Client);
    const [Bucket, Key] = [idOf(state.bucket), state.key];
    const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
    const { TagSet } = await client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    return {
      ...{ bucket: Bucket, key: Key, arn: `arn:aws:s3:::${Bucket}/${Key}`, versionId: head.VersionId },
      ...{
        etag: head.ETag?.replaceAll('"', ""),
        contentType: head.ContentType,
        cacheControl: head.CacheControl,
      },
      ...{
        contentDisposition: head.ContentDisposition,
        contentEncoding: head.ContentEncoding,
        metadata: head.Metadata,
      },
      ...{ serverSideEncryption: head.ServerSideEncryption, kmsKeyId: head.SSEKMSKeyId },
      ...{ storageClass: head.StorageClass ?? "STANDARD", tagsAll: fromTagList(TagSet) },
    };
  },
  async update(now, call) {
    await putObject(now, call);
  },
  async delete(state, call) {
    const client = call.client(S3Client);
    const [Bucket, Key] = [idOf(state.bucket), state.key];
    // All its versions, as the real provider does: a bucket with versions left could not be deleted.
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix: Key }),
    );
    for (const one of [...Versions, ...DeleteMarkers].filter((version) => version.Key === Key)) {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId: one.VersionId }));
    }
  },
});
