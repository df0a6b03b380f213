import { UserError } from "../errors";
import { type Answer } from "../prediction";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { serveRelease, settle } from "./deploy";
import { rejectForGood } from "./gate/pass";
import { actor } from "./history";
import { withDeploymentLock } from "./lock";
import { listRecords, type ReleaseRecord } from "./record";
import { type Approval, listApprovals, readApproval, setApproval } from "./registry";

/** Where a release stands. */
export type ReleaseState = "served" | "accepted" | "pending" | "rejected" | "not judged";

/** Where a release stands, by its record, its model package and what is served. */
export function stateOf(
  { id, gate, rejection }: ReleaseRecord,
  status: Approval["status"] | undefined,
  served: string | undefined,
): ReleaseState {
  if (id === served) return "served";
  if (rejection || gate?.decision === "rejected" || status === "Rejected") return "rejected";
  if (status === "Approved") return "accepted";
  return gate ? "pending" : "not judged";
}

/**
 * A person's yes: marks the release (by default the one that waits) as approved in the registry, and serves it.
 * @throws UserError when there is none, or it is not to be served.
 */
export const approve = (context: ReleaseContext, wanted: string | undefined) =>
  withDeploymentLock(context, "approve", () => sayYes(context, wanted));

async function sayYes(
  context: ReleaseContext,
  wanted: string | undefined,
): Promise<{ release: string; deployed: boolean; answer: Answer }> {
  const startedAt = new Date().toISOString();
  await settle(context);
  const { record, state } = await findWaiting(context, wanted, "approve");
  if (state === "rejected") {
    throw new UserError(
      `Release ${record.id} was rejected (${reasonOf(record)}), and a rejection is final. Release something else.`,
      3,
    );
  }
  const served = (await currentRelease(context.clients.ssm, context.outputs))?.id;
  if (served !== record.id && served !== record.gate?.champion) {
    const champion = record.gate?.champion ? `with ${record.gate.champion}` : "with no served release";
    context.output.note(`The gate compared ${record.id} ${champion}; by now ${served ?? "none"} is served.`);
  }
  if (state === "pending") {
    const by = `Approved by ${actor()} at ${new Date().toISOString()} with slipway approve.`;
    await setApproval(context.clients.sagemaker, record.modelPackageArn, "Approved", by);
  }
  return { release: record.id, ...(await serveRelease(context, record, { action: "release", startedAt })) };
}

/** A person's no, which is final: marks the release as rejected in the registry, and tells the subscribers. */
export const reject = (context: ReleaseContext, wanted: string | undefined, why: string) =>
  withDeploymentLock(context, "reject", () => sayNo(context, wanted, why));

async function sayNo(
  context: ReleaseContext,
  wanted: string | undefined,
  why: string,
): Promise<{ release: string; reason: string }> {
  await settle(context);
  const { record, state } = await findWaiting(context, wanted, "reject");
  if (state === "rejected") return { release: record.id, reason: reasonOf(record) };
  if (state === "served") {
    throw new UserError(
      `Release ${record.id} is in service. Go back to the one before with 'npx slipway rollback ${context.stack.name}'.`,
    );
  }
  const reason = `${why} (rejected by ${actor()})`;
  await setApproval(context.clients.sagemaker, record.modelPackageArn, "Rejected", reason);
  const served = (await currentRelease(context.clients.ssm, context.outputs))?.id;
  await rejectForGood(context, record, reason, served);
  return { release: record.id, reason };
}

const reasonOf = ({ rejection, gate }: ReleaseRecord) =>
  rejection?.reason ?? gate?.reason ?? "in the model registry";

/** The release that a person means: the named one, or the only one that waits. */
async function findWaiting(
  { clients, outputs, stack }: ReleaseContext,
  wanted: string | undefined,
  verb: "approve" | "reject",
): Promise<{ record: ReleaseRecord; state: ReleaseState }> {
  const records = await listRecords(clients.s3, outputs.dataBucket);
  const statuses = await listApprovals(clients.sagemaker, outputs.modelPackageGroup);
  const served = (await currentRelease(clients.ssm, outputs))?.id;
  const all = records.map((record) => ({
    record,
    state: stateOf(record, statuses.get(record.modelPackageArn), served),
  }));
  const list = `See 'npx slipway releases ${stack.name}'.`;
  const found = all.filter(({ record, state }) => (wanted ? record.id === wanted : state === "pending"));
  if (found.length === 0) {
    throw new UserError(
      wanted
        ? `The stack '${stack.name}' has no release '${wanted}'. ${list}`
        : `No release of the stack '${stack.name}' waits for approval. ${list}`,
    );
  }
  if (found.length > 1) {
    const names = found.map(({ record }) => record.id).join(", ");
    throw new UserError(
      `${found.length} releases of the stack '${stack.name}' wait for approval: ${names}. Name the one to ${verb}.`,
    );
  }
  const [only] = found;
  if (only!.state === "not judged") {
    throw new UserError(
      `The gate has not judged release ${only!.record.id} yet. Run 'npx slipway release ${stack.name}' to its end first.`,
    );
  }
  return only!;
}

/** @throws UserError unless the registry and the gate let this release be served. */
export async function requireServable({ clients }: ReleaseContext, record: ReleaseRecord): Promise<void> {
  const { status, description } = await readApproval(clients.sagemaker, record.modelPackageArn);
  const state = stateOf(record, status, undefined);
  if (state === "accepted") return;
  const why = state === "rejected" ? `was rejected (${description ?? reasonOf(record)})` : `is ${state}`;
  throw new UserError(`Release ${record.id} ${why}, so it is not put into service. Nothing has changed.`);
}
