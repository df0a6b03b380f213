import { UserError } from "../errors";
import { type Answer } from "../prediction";
import { announceRolledBack } from "./announce";
import { requireServable } from "./approval";
import { type ReleaseContext } from "./context";
import { currentRelease, serveRelease } from "./deploy";
import { previousGood, readHistory } from "./history";
import { listRecords, readRecord } from "./record";

export interface RollbackResult {
  /** What is served now. */
  release: string;
  /** What was served before. */
  from: string;
  answer: Answer;
  /** Wall-clock time. */
  seconds: number;
}

/**
 * Serves an earlier release again, without training: the given one, else the last good one before the current.
 * @throws UserError when there is none to go back to.
 */
export async function rollback(
  context: ReleaseContext,
  wanted: string | undefined,
  reason: string,
): Promise<RollbackResult> {
  const began = performance.now();
  const { clients, outputs, stack, output } = context;
  const current = await currentRelease(clients.ssm, outputs);
  if (!current) {
    throw new UserError(`The stack '${stack.name}' serves no release: there is nothing to roll back.`);
  }
  const history = await readHistory(clients.s3, outputs.dataBucket);
  const id = wanted ?? previousGood(history, current.id);
  if (!id) {
    throw new UserError(
      `The stack '${stack.name}' has no good release before ${current.id}. See 'npx slipway releases ${stack.name}', and ` +
        `name one: 'npx slipway rollback ${stack.name} <release>'.`,
    );
  }
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  if (!record) {
    const known = (await listRecords(clients.s3, outputs.dataBucket)).map((each) => each.id);
    throw new UserError(`The stack '${stack.name}' has no release '${id}'. It has ${known.join(", ")}.`);
  }
  await requireServable(context, record);
  const { deployed, answer } = await serveRelease(context, record, "rollback");
  if (deployed) {
    await output.step("Announcing the rollback to the subscribers", () =>
      announceRolledBack(context, current.id, reason, id),
    );
  }
  return { release: id, from: current.id, answer, seconds: (performance.now() - began) / 1000 };
}
