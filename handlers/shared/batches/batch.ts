import { randomBytes } from "node:crypto";
import * as v from "valibot";

/** A file of records that somebody wants predictions for: what the StateTable knows of it, and where its objects are. */

export const formats = ["csv", "jsonl"] as const;
export type Format = (typeof formats)[number];

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());

export const batchSchema = v.object({
  id: v.string(),
  format: v.picklist(formats),
  status: v.picklist(["awaiting-upload", "queued", "running", "completed", "failed"]),
  created: time,
  /** Until when S3 takes the upload. */
  uploadBy: time,
  /** Of the item, in seconds since 1970: then its objects are gone as well. */
  expires: count,
  /** Where its status is asked for. */
  link: v.optional(v.string()),
  /** The run of the Lambda that works on it, which keeps its id when Lambda runs it again. */
  owner: v.optional(v.string()),
  /** Version of the uploaded object: a later upload under the same name is another file. */
  version: v.optional(v.string()),
  started: v.optional(time),
  /** When the run that works on it has last said so; absent while a transform job is at work. */
  heard: v.optional(time),
  release: v.optional(v.string()),
  rows: v.optional(count),
  /** Rows that are predicted or refused. */
  done: v.optional(count),
  rejected: v.optional(count),
  /** Records in each object that a transform job is given. */
  parts: v.optional(v.array(count)),
  /** Name of the transform job, once there is one. */
  job: v.optional(v.string()),
  /** Why it failed, for people. */
  reason: v.optional(v.string()),
});

export type Batch = v.InferOutput<typeof batchSchema>;

/** 96 bits that nobody can guess. */
export const newBatchId = () => randomBytes(12).toString("hex");
export const isBatchId = (text: string) => /^[0-9a-f]{24}$/.test(text);

/** Inputs and results are apart, so that a result is not taken for an upload, and each Lambda may touch its own only. */
export const keys = {
  inputs: "batches/inputs/",
  input: ({ id, format }: Pick<Batch, "id" | "format">) => `batches/inputs/${id}.${format}`,
  results: ({ id, format }: Pick<Batch, "id" | "format">) => `batches/results/${id}/predictions.${format}`,
  rejected: ({ id }: Pick<Batch, "id">) => `batches/results/${id}/rejected.jsonl`,
  /** The valid records, which a transform job reads. */
  records: (id: string) => `batches/records/${id}/`,
  record: (id: string, part: number) => `batches/records/${id}/${partName(part)}`,
  /** What a transform job has answered. */
  answers: (id: string) => `batches/answers/${id}/`,
  answer: (id: string, part: number) => `batches/answers/${id}/${partName(part)}.out`,
};

/** In the order of the records by name as well. */
const partName = (part: number) => `${String(part).padStart(5, "0")}.jsonl`;

/** The batch that an uploaded object is of; undefined for what is no upload. */
export function batchOfInput(key: string): { id: string; format: Format } | undefined {
  const [, id, ending] = /^batches\/inputs\/([0-9a-f]{24})\.(\w+)$/.exec(key) ?? [];
  const format = formats.find((each) => each === ending);
  return id !== undefined && format !== undefined ? { id, format } : undefined;
}

/** S3 looks at the time when an upload begins; this long it may take to arrive. */
const uploadMinutes = 15;
/** A run has 15 minutes, and Lambda runs it again within two when it was killed. */
const silentMinutes = 20;

const minutesAgo = (now: Date, minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();

/** An upload of which `uploadBy` is before this does not come any more. */
export const oldestUpload = (now: Date) => minutesAgo(now, uploadMinutes);

/** What is to be told of a batch now: some ends are not written down by anybody. */
export function statusOf(batch: Batch, now: Date): { status: Batch["status"] | "expired"; reason?: string } {
  const { status, uploadBy, heard, reason } = batch;
  if (status === "awaiting-upload" && uploadBy < oldestUpload(now)) {
    return { status: "expired", reason: `Nothing was uploaded until ${uploadBy}. Ask for a new batch.` };
  }
  const isUnderWay = status === "queued" || status === "running";
  if (isUnderWay && heard !== undefined && heard < minutesAgo(now, silentMinutes)) {
    return {
      status: "failed",
      reason: `Nothing has been heard of its work since ${heard}. Send the file again; if that ends in the same way, in parts.`,
    };
  }
  return { status, ...(reason === undefined ? {} : { reason }) };
}
