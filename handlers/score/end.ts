import { type Batch } from "../shared/batches/batch";
import { type Changes } from "../shared/batches/batch-table";
import { Unfit } from "../shared/landing/shape";
import { errorFields } from "../shared/log";
import { ModelFault } from "./answers";
import { type Ports } from "./ports";
import { type Results } from "./results";

/** Why a batch fails, in words for people. */
export class BatchFailure extends Error {
  override name = "BatchFailure";

  constructor(
    message: string,
    readonly changes: Changes = {},
  ) {
    super(message);
  }
}

/** Does `work`; whatever goes wrong becomes the end of the batch, and somebody is told. */
export async function orFail(batch: Batch, ports: Ports, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const expected = error instanceof Unfit || error instanceof ModelFault || error instanceof BatchFailure;
    ports.log[expected ? "warn" : "error"]("the batch failed", { batch: batch.id, ...errorFields(error) });
    await fail(batch, reasonOf(error), ports, error instanceof BatchFailure ? error.changes : {});
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof BatchFailure) return error.message;
  if (error instanceof Unfit)
    return `The uploaded file ${error.message}. Correct it and send it as a new batch.`;
  if (error instanceof ModelFault) return `The model ${error.message}. Tell the team that runs this API.`;
  return (
    "The batch could not be scored, and not because of anything in it. Send it again; if that ends in the same way, " +
    "tell the team that runs this API, with the batch's id."
  );
}

/** Told first and noted then: told twice, with the same id, is better than never. */
export async function fail(batch: Batch, reason: string, ports: Ports, changes: Changes = {}): Promise<void> {
  const { id } = batch;
  const time = ports.now().toISOString();
  await ports.announce({
    ...{ kind: "batch.failed", stack: ports.stack, severity: "error", time, id: `batch/${id}/failed` },
    detail: { batch: id, reason, ...(batch.link === undefined ? {} : { link: batch.link }) },
  });
  await ports.batches.update(id, { ...changes, status: "failed", reason, heard: null });
}

/** @throws BatchFailure when nothing was predicted. */
export async function complete(
  batch: Batch,
  results: Results,
  { rows, release }: { rows: number; release: string },
  ports: Ports,
): Promise<void> {
  const { id, link, started } = batch;
  const { rejected, tally } = results;
  if (tally.count === 0) {
    const reason = `None of its ${rows} rows can be predicted: the file of rejected rows says why, row by row. Correct them and send them as a new batch.`;
    throw new BatchFailure(reason, { rows, rejected, done: rows });
  }
  const now = ports.now();
  const seconds = started === undefined ? 0 : (now.getTime() - Date.parse(started)) / 1000;
  await ports.announce({
    ...{ kind: "batch.completed", stack: ports.stack, severity: rejected > 0 ? "warning" : "info" },
    ...{ time: now.toISOString(), id: `batch/${id}/completed` },
    detail: {
      ...{ batch: id, release, target: ports.target.name, unit: ports.target.unit, rows, rejected, seconds },
      ...(tally.summary === undefined ? {} : { summary: tally.summary }),
      ...(link === undefined ? {} : { link }),
    },
  });
  await ports.batches.update(id, { status: "completed", release, rows, rejected, done: rows, heard: null });
  ports.log.info("the batch is completed", { batch: id, release, rows, rejected, seconds });
}
