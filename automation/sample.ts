import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { readFileSync } from "node:fs";
import { rawPrefix } from "./data/landed";
import { UserError } from "./errors";

/** Where the `s3` source lands files: by the day that the sample ends on. */
export const sampleKey = `${rawPrefix}s3/2019-03-31/taxis.csv`;

/** Puts a CSV file under one fixed key; the checksum that S3 keeps makes the snapshot quick. */
export async function landSample(s3: S3Client, bucket: string, content: Buffer): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: sampleKey,
      Body: content,
      ContentType: "text/csv",
      ChecksumAlgorithm: "SHA256",
    }),
  );
}

/** The content of a data file. @throws UserError that names it. */
export function readData(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UserError(
      `The data file ${file} cannot be read: ${(error as Error).message}. Give a CSV file with --data.`,
    );
  }
}
