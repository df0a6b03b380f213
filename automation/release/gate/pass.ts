import { isDeepStrictEqual } from "node:util";
import { announcePending, announceRejected } from "../announce";
import { type ReleaseContext } from "../context";
import { currentRelease } from "../current";
import { type Gate, type ReleaseRecord, writeRecord } from "../record";
import { type Approval, readApproval, setApproval } from "../registry";
import { judge } from "./judge";

/** Whether a release may be served. */
export interface Verdict {
  state: "accepted" | "rejected" | "pending";
  /** For people: what the gate found, or what a person gave as the reason. */
  reason: string;
  record: ReleaseRecord;
}

/**
 * Brings a trained release to a verdict: by the gate, and where the stack's `approval` is manual by a person, in the
 * registry. What was decided before holds: an accepted release is not judged again, a person's no is final, and the
 * gate's no holds for as long as the same release is served and the limits are the same. A new verdict is announced.
 */
export async function passGate(context: ReleaseContext, record: ReleaseRecord): Promise<Verdict> {
  const { clients, outputs } = context;
  const served = (await currentRelease(clients.ssm, outputs))?.id;
  if (served === record.id) return { state: "accepted", reason: "It is served already.", record };
  const approval = await readApproval(clients.sagemaker, record.modelPackageArn);
  const no = await personsNo(context, record, approval, served);
  if (no) return no;
  if (record.gate && stillHolds(record.gate, served, context)) {
    return record.gate.decision === "rejected"
      ? { state: "rejected", reason: record.gate.reason, record }
      : accepted(context, record, approval, served, false);
  }
  const judged = { ...record, gate: await judge(context, record, served) };
  if (judged.gate.decision === "accepted") {
    // The gate's own no of another time counts no more.
    const open = approval.status === "Rejected" ? { status: "PendingManualApproval" as const } : approval;
    return accepted(context, judged, open, served, true);
  }
  const { reason } = judged.gate;
  await setApproval(clients.sagemaker, record.modelPackageArn, "Rejected", `The gate: ${reason}`);
  await context.output.step("Announcing the rejection to the subscribers", () =>
    announceRejected(context, judged, reason, served),
  );
  await writeRecord(clients.s3, outputs.dataBucket, judged); // last: when it is killed before, all is done again
  return { state: "rejected", reason, record: judged };
}

const stillHolds = (gate: Gate, served: string | undefined, { outputs }: ReleaseContext) =>
  gate.decision === "accepted" ||
  (gate.champion === served && isDeepStrictEqual(gate.settings, outputs.gate));

/** A rejection by a person: by `slipway reject`, or in SageMaker, which is announced when it is first seen. */
async function personsNo(
  context: ReleaseContext,
  record: ReleaseRecord,
  { status, description }: Approval,
  served: string | undefined,
): Promise<Verdict | undefined> {
  if (record.rejection) return { state: "rejected", reason: record.rejection.reason, record };
  if (status !== "Rejected" || record.gate?.decision === "rejected") return undefined;
  const reason = description ?? "It was rejected in the model registry; no reason was given.";
  return { state: "rejected", reason, record: await rejectForGood(context, record, reason, served) };
}

/** Keeps a person's no, and tells the subscribers. */
export async function rejectForGood(
  context: ReleaseContext,
  record: ReleaseRecord,
  reason: string,
  served: string | undefined,
): Promise<ReleaseRecord> {
  const { clients, outputs, output } = context;
  await output.step("Announcing the rejection to the subscribers", () =>
    announceRejected(context, record, reason, served),
  );
  const rejected = { ...record, rejection: { reason, at: new Date().toISOString() } };
  await writeRecord(clients.s3, outputs.dataBucket, rejected);
  return rejected;
}

/** What the gate has accepted: to be served, or to wait for a person. */
async function accepted(
  context: ReleaseContext,
  record: ReleaseRecord,
  { status }: Approval,
  served: string | undefined,
  isNew: boolean,
): Promise<Verdict> {
  const { clients, outputs, output } = context;
  const { reason } = record.gate!;
  const waits = status !== "Approved" && outputs.gate.approval === "manual";
  if (status !== "Approved") {
    const next = waits ? "PendingManualApproval" : "Approved";
    await setApproval(clients.sagemaker, record.modelPackageArn, next, `The gate: ${reason}`);
  }
  if (waits && isNew) {
    await output.step("Telling the subscribers that it waits for approval", () =>
      announcePending(context, record, served),
    );
  }
  if (isNew) await writeRecord(clients.s3, outputs.dataBucket, record);
  return { state: waits ? "pending" : "accepted", reason, record };
}
