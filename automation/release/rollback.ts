import { UserError } from "../errors";
import { type Answer } from "../prediction";
import { requireServable } from "./approval";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { serveRelease, settle } from "./deploy";
import { previousGood, readHistory } from "./history";
import { withDeploymentLock } from "./lock";
import { listRecords, readRecord } from "./record";
import { verify } from "./verify";

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
export const rollback = (context: ReleaseContext, wanted: string | undefined, reason: string) =>
  withDeploymentLock(context, "rollback", () => goBack(context, wanted, reason));

async function goBack(
  context: ReleaseContext,
  wanted: string | undefined,
  reason: string,
): Promise<RollbackResult> {
  const startedAt = new Date();
  const { clients, outputs, stack } = context;
  const seconds = () => (Date.now() - startedAt.getTime()) / 1000;
  const takenBack = await settle(context, reason);
  const current = await currentRelease(clients.ssm, outputs);
  if (!current) {
    throw new UserError(`The stack '${stack.name}' serves no release: there is nothing to roll back.`);
  }
  if (takenBack && !wanted) {
    const answer = await verify(context, current.id);
    return { release: current.id, from: takenBack.release.id, answer, seconds: seconds() };
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
  const change = { action: "rollback", reason, startedAt: startedAt.toISOString() } as const;
  const { answer } = await serveRelease(context, record, change);
  return { release: id, from: current.id, answer, seconds: seconds() };
}
