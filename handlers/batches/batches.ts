import { type APIGatewayProxyEvent, type APIGatewayProxyResult } from "aws-lambda";
import { type Batch, formats, isBatchId, keys, newBatchId, statusOf } from "../shared/batches/batch";
import { type Batches } from "../shared/batches/batch-table";
import { errorFields, type Log } from "../shared/log";
import { answer, type FieldError, type Problem, problemAnswer, unexpected } from "../shared/problem";
import { bodyOf } from "../shared/request";
import { noRelease } from "../shared/unavailable";

/** What the API's batches need of the world. */
export interface Ports {
  target: { name: string; unit: string };
  /** That is served; empty when none is. */
  release: string;
  maxBytes: number;
  retentionDays: number;
  batches: Batches;
  /** A form with which anybody may upload the one object, for so long. */
  upload(
    key: string,
    seconds: number,
    maxBytes: number,
  ): Promise<{ url: string; fields: Record<string, string> }>;
  /** A URL with which anybody may download the object under that name, for so long. */
  download(key: string, name: string, type: string, seconds: number): Promise<string>;
  /** Keys of the objects that the transform job of a batch has answered. */
  answered(id: string): Promise<string[]>;
  log: Log;
  now(): Date;
}

const uploadSeconds = 3600;
/** A URL is signed with the Lambda's own credentials, which do not live for ever; the next GET gives another one. */
const downloadSeconds = 900;

const mediaTypes = { csv: "text/csv; charset=utf-8", jsonl: "application/jsonl; charset=utf-8" };

/** Answers POST /batches and GET /batches/{id}; never throws. */
export async function answerBatches(
  event: APIGatewayProxyEvent,
  ports: Ports,
): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  const log = ports.log.with({ requestId });
  try {
    return event.httpMethod === "POST"
      ? await create(event, { ...ports, log })
      : await show(event, { ...ports, log });
  } catch (error) {
    log.error("the request could not be handled", { ...errorFields(error), trace: (error as Error).stack });
    return problemAnswer(unexpected, requestId);
  }
}

async function create(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { requestId, path, domainName } = event.requestContext;
  const asked = formatOf(bodyOf(event).toString());
  if ("problem" in asked) return problemAnswer(asked.problem, requestId);
  if (ports.release === "") return problemAnswer(noRelease, requestId);
  const now = ports.now();
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  const id = newBatchId();
  const location = `${path}/${id}`;
  const batch: Batch = {
    ...{ id, format: asked.format, status: "awaiting-upload", created: now.toISOString() },
    uploadBy: after(uploadSeconds).toISOString(),
    expires: Math.floor(after(ports.retentionDays * 86_400).getTime() / 1000),
    ...(domainName === undefined ? {} : { link: `https://${domainName}${location}` }),
  };
  const { url, fields } = await ports.upload(keys.input(batch), uploadSeconds, ports.maxBytes);
  await ports.batches.create(batch);
  ports.log.info("a batch is asked for", { batch: id, format: batch.format });
  const upload = { method: "POST", url, fields, expires: batch.uploadBy, maxBytes: ports.maxBytes };
  return answer(201, requestId, { ...(await viewOf(batch, ports)), upload }, { ...uncached, location });
}

async function show(event: APIGatewayProxyEvent, ports: Ports): Promise<APIGatewayProxyResult> {
  const { requestId } = event.requestContext;
  const id = event.pathParameters?.id ?? "";
  const batch = isBatchId(id) ? await ports.batches.find(id) : undefined;
  if (batch === undefined) return problemAnswer(unknownBatch(id, ports.retentionDays), requestId);
  return answer(200, requestId, await viewOf(batch, ports), uncached);
}

/** The answer changes, and holds URLs that are as good as a key. */
const uncached = { "cache-control": "no-store" };

async function viewOf(batch: Batch, ports: Ports) {
  const { id, format, created, release, rows, rejected = 0 } = batch;
  const { status, reason } = statusOf(batch, ports.now());
  const isOver = status === "completed" || status === "failed";
  const file = async (key: string, name: string, type: string) => ({
    url: await ports.download(key, name, type, downloadSeconds),
    expires: new Date(ports.now().getTime() + downloadSeconds * 1000).toISOString(),
  });
  return {
    ...{ id, status, format, created, kept: new Date(batch.expires * 1000).toISOString() },
    progress: { rows: rows ?? null, done: isOver ? (batch.done ?? 0) : await doneOf(batch, ports) },
    ...{ release: release ?? null, target: ports.target.name, unit: ports.target.unit, reason },
    ...(status === "completed"
      ? { download: await file(keys.results(batch), `predictions-${id}.${format}`, mediaTypes[format]) }
      : {}),
    ...(isOver && rejected > 0
      ? {
          rejected: {
            rows: rejected,
            ...(await file(keys.rejected(batch), `rejected-${id}.jsonl`, mediaTypes.jsonl)),
          },
        }
      : {}),
  };
}

/** Rows that are done: those of the objects that a transform job has answered, or what the run has noted. */
async function doneOf({ id, job, parts = [], done = 0 }: Batch, ports: Ports): Promise<number> {
  if (job === undefined) return done;
  const answered = new Set(await ports.answered(id));
  const counts = parts.filter((_, part) => answered.has(keys.answer(id, part)));
  return counts.reduce((sum, count) => sum + count, done);
}

function formatOf(body: string): { format: Batch["format"] } | { problem: Problem } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { problem: malformed(body.trim() === "" ? "The body is empty" : "The body is not JSON") };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: malformed("The body is no JSON object") };
  }
  const { format, ...others } = value as Record<string, unknown>;
  const found = formats.find((each) => each === format);
  const errors: FieldError[] = Object.keys(others)
    .slice(0, 10)
    .map((name) => ({ field: name.slice(0, 100), value: null, rule: "is not a known field; leave it out" }));
  if (found !== undefined && errors.length === 0) return { format: found };
  const rule = format === undefined ? "is required" : `must be one of ${formats.join(", ")}`;
  const given = typeof format === "string" ? format.slice(0, 100) : (format ?? null);
  const wrong = found === undefined ? [{ field: "format", value: given, rule }] : [];
  return { problem: invalid([...wrong, ...errors]) };
}

const malformed = (what: string): Problem => ({
  status: 400,
  name: "malformed-body",
  title: "The request's body cannot be read",
  detail: `${what}. Send {"format": "csv"} or {"format": "jsonl"}.`,
});

const invalid = (errors: FieldError[]): Problem => ({
  status: 400,
  name: "invalid-fields",
  title: "The request does not fit the schema",
  detail: `${errors.map(({ field, rule }) => `${field} ${rule}`).join("; ")}. Send {"format": "csv"} or {"format": "jsonl"}.`,
  errors,
});

const unknownBatch = (id: string, days: number): Problem => ({
  status: 404,
  name: "unknown-batch",
  title: "There is no such batch",
  detail:
    `No batch has the id ${JSON.stringify(id.slice(0, 100))}, or it was deleted: batches are kept for ${days} days. ` +
    "Ask for a new one with POST /batches.",
});
