import { paginateListObjectsV2, type S3Client } from "@aws-sdk/client-s3";
import { parse } from "csv-parse/sync";
import { evaluationPrefix } from "./evaluation";
import { holdout, processedPrefix } from "./jobs";
import { getText } from "../objects";

/** A file of a folder in the bucket. */
interface Found {
  /** What tells the files of several processing hosts from each other: "" or `-algo-2`. */
  host: string;
  text: string;
}

/** An object as a container answers it, or an error in its place. */
export type AnswerRow = Record<string, unknown>;

/** One held-out row. */
export interface HeldOut {
  /** Cells of the test row by column: the target and all that it may be sliced by. */
  row: Record<string, string>;
  /** What a caller sends. */
  record: Record<string, unknown>;
}

/** Files whose names are `<start><host><end>`, by host. */
async function readFiles(
  s3: S3Client,
  bucket: string,
  prefix: string,
  [start, end]: [string, string],
): Promise<Found[]> {
  const found: Found[] = [];
  for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = "" } of page.Contents ?? []) {
      const name = Key.slice(prefix.length);
      if (!name.startsWith(start) || !name.endsWith(end)) continue;
      const text = await getText(s3, bucket, Key);
      if (text) found.push({ host: name.slice(start.length, -end.length), text });
    }
  }
  return found.sort((a, b) => (a.host < b.host ? -1 : 1));
}

const lines = (files: Found[]) => files.flatMap(({ text }) => text.split("\n").filter((line) => line.trim()));
const parsed = (files: Found[]) => lines(files).map((line) => JSON.parse(line) as Record<string, unknown>);

/** A line of a container's answer; what is no JSON object is an error in its place. */
function answerRow(line: string): AnswerRow {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as AnswerRow;
  } catch {
    // said below
  }
  return { message: `the answer is no JSON object: ${line.slice(0, 100)}` };
}

const readRequests = async (s3: S3Client, bucket: string, challenger: string) =>
  parsed(await readFiles(s3, bucket, processedPrefix(challenger, holdout), ["requests", ".jsonl"]));

/** The held-out rows of a release, in the order of `readAnswers`. */
export async function readHoldout(s3: S3Client, bucket: string, challenger: string): Promise<HeldOut[]> {
  const tables = await readFiles(s3, bucket, processedPrefix(challenger, "test"), ["data", ".csv"]);
  const rows = tables.flatMap(({ text }) =>
    parse<Record<string, string>>(text, { columns: true, bom: true }),
  );
  const records = await readRequests(s3, bucket, challenger);
  if (rows.length !== records.length) {
    throw new Error(
      `Release ${challenger} has ${rows.length} test rows, but ${records.length} of them as requests: its processing ` +
        "job has not written them both.",
    );
  }
  return rows.map((row, index) => ({ row, record: records[index] ?? {} }));
}

/** What `model` answered to the held-out rows of `challenger`, row by row. */
export async function readAnswers(
  s3: S3Client,
  bucket: string,
  challenger: string,
  model: string,
): Promise<AnswerRow[]> {
  const prefix = evaluationPrefix(challenger, model);
  return lines(await readFiles(s3, bucket, prefix, ["requests", ".jsonl.out"])).map(answerRow);
}

/**
 * Records with what a release's container is known to answer to them: what a deployed one must answer as well.
 * @returns up to `count` of them, spread evenly over the held-out rows; none when the release was never evaluated.
 */
export async function knownRecords(
  s3: S3Client,
  bucket: string,
  releaseId: string,
  count: number,
): Promise<{ record: Record<string, unknown>; prediction: AnswerRow }[]> {
  const records = await readRequests(s3, bucket, releaseId);
  const answers = await readAnswers(s3, bucket, releaseId, releaseId);
  const known = records.flatMap((record, index) => {
    const prediction = answers[index];
    return prediction && "value" in prediction ? [{ record, prediction }] : [];
  });
  const wanted = Math.min(count, known.length);
  return Array.from({ length: wanted }, (_, i) => known[Math.floor((i * known.length) / wanted)]!);
}
