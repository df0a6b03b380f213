import { PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { standardProblem } from "../components/shared/problem";
import { rawPrefix } from "./data/landed";
import { UserError } from "./errors";
import { type Outputs } from "./outputs";

/** Where the `s3` source lands files: by the day that the sample ends on. */
export const sampleKey = (problem = standardProblem): string =>
  `${rawPrefix}s3/${problem === standardProblem ? "2019-03-31/taxis" : `sample/${basename(problem)}`}.csv`;

/** Puts a CSV file under one key for each problem; the checksum that S3 keeps makes the snapshot quick. */
export async function landSample(
  s3: S3Client,
  { dataBucket, problem }: Outputs,
  content: Buffer,
): Promise<void> {
  await s3.send(
    new PutObjectCommand({
      Bucket: dataBucket,
      Key: sampleKey(problem),
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
