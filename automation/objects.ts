import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";

/** A JSON document in the data bucket, or undefined when there is none under this key. */
export async function getJson<T>(s3: S3Client, bucket: string, key: string): Promise<T | undefined> {
  const text = await getText(s3, bucket, key);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

/** An object of the data bucket as text, or undefined when there is none under this key. */
export async function getText(s3: S3Client, bucket: string, key: string): Promise<string | undefined> {
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? "";
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}

export const putJson = (s3: S3Client, bucket: string, key: string, document: unknown) =>
  putText(s3, bucket, key, `${JSON.stringify(document, null, 2)}\n`, "application/json");

export async function putText(
  s3: S3Client,
  bucket: string,
  key: string,
  Body: string,
  ContentType: string,
): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType }));
}
