import pLimit from "p-limit";
import pRetry from "p-retry";
import { type Batch } from "../shared/batches/batch";
import { type ModelAnswer, releaseOf } from "../shared/model-answer";
import { readAnswers, type Released } from "./answers";
import { BatchFailure, complete } from "./end";
import { openInput } from "./input";
import { logOfInvocation, refusalOf } from "./invocation";
import { type Ports, type Run } from "./ports";
import { Results } from "./results";
import { type Row } from "./rows";

/** The endpoint cannot do it now: a transform job can. */
export class HandedOver extends Error {
  override name = "HandedOver";
}

/** Rows of one request, and the records of those that can be predicted, as JSON. */
interface Chunk {
  rows: Row[];
  records: string[];
}

const recordsInRequest = 500;
const charactersInRequest = 1_000_000;
/** The public API asks the same endpoint: a batch leaves room for it. */
const requestsAtOnce = 2;
const retries = 5;
/** What the run needs to write a small file's records for a transform job. */
const handOverMilliseconds = 180_000;
const progressMilliseconds = 1000;

/**
 * Scores a small file through the endpoint. All of it is in memory.
 * @throws HandedOver when the endpoint is busy or changes its release, or time runs out; nothing is written then.
 */
export async function scoreByEndpoint(batch: Batch, run: Run, ports: Ports): Promise<void> {
  const { columns, parts } = await openInput(batch, ports);
  const rows: Row[] = [];
  for await (const part of parts) rows.push(...part);
  await ports.batches.update(batch.id, { status: "running", rows: rows.length, done: 0 });

  const results = new Results(batch, columns, ports.schema, ports.objects);
  const limit = pLimit(requestsAtOnce);
  const asked = chunksOf(rows).map((chunk) => ({ chunk, answers: limit(() => ask(chunk, run, ports)) }));
  for (const { answers } of asked) answers.catch(() => limit.clearQueue()); // its turn comes below
  const progress = new Progress(batch, ports);
  let release: string | undefined;
  try {
    for (const { chunk, answers } of asked) {
      const released = await answers;
      release ??= released[0]?.release;
      const other = released.find((one) => one.release !== release)?.release;
      if (other) throw new HandedOver(`the endpoint changes over from ${release} to ${other}`);
      await results.add(chunk.rows, released);
      await progress.add(chunk.rows.length, release);
    }
    await results.close();
  } catch (error) {
    limit.clearQueue();
    await results.abort();
    throw error;
  }
  await complete(batch, results, { rows: rows.length, release: release ?? "" }, ports);
}

function chunksOf(rows: Row[]): Chunk[] {
  const chunks: Chunk[] = [];
  let chunk: Chunk = { rows: [], records: [] };
  let characters = Infinity;
  for (const row of rows) {
    const record = row.errors.length === 0 ? JSON.stringify(row.record) : undefined;
    const size = record?.length ?? 0;
    if (characters + size > charactersInRequest || chunk.rows.length >= recordsInRequest) {
      chunk = { rows: [], records: [] };
      chunks.push(chunk);
      characters = 0;
    }
    chunk.rows.push(row);
    if (record !== undefined) chunk.records.push(record);
    characters += size;
  }
  return chunks;
}

async function ask({ rows, records }: Chunk, run: Run, ports: Ports): Promise<Released[]> {
  if (records.length === 0) return [];
  const answer = await patiently(`{"instances":[${records.join(",")}]}`, rows, run, ports);
  const release = releaseOf(answer);
  return readAnswers(answer.body, records.length).map((one) => ({ answer: one, release }));
}

/** Asks again while that may help: longer than callers of the API can wait, but not for ever. */
async function patiently(body: string, rows: Row[], run: Run, ports: Ports): Promise<ModelAnswer> {
  const { retryMilliseconds: minTimeout, log } = ports;
  try {
    return await pRetry(() => ports.invoke(body), {
      ...{ retries, minTimeout, factor: 2 },
      onFailedAttempt({ error, attemptNumber }) {
        log.warn("the endpoint has not answered", { attempt: attemptNumber, ...logOfInvocation(error) });
      },
      shouldRetry: ({ error }) => refusalOf(error) === undefined && run.remaining() > handOverMilliseconds,
    });
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined)
      throw new HandedOver(`the endpoint does not answer (${(error as Error).name})`);
    const which = `rows ${rows[0]?.row} to ${rows.at(-1)?.row}`;
    throw new BatchFailure(`The model refuses ${which} of the file: ${refusal}`);
  }
}

/** Notes now and then how far the batch is. */
class Progress {
  private done = 0;
  private noted: number;

  constructor(
    private readonly batch: Batch,
    private readonly ports: Ports,
  ) {
    this.noted = ports.now().getTime();
  }

  async add(rows: number, release: string | undefined): Promise<void> {
    this.done += rows;
    const now = this.ports.now();
    if (now.getTime() - this.noted < progressMilliseconds) return;
    this.noted = now.getTime();
    await this.ports.batches.update(this.batch.id, { done: this.done, release, heard: now.toISOString() });
  }
}
