import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";
import { type EventKind, type EventOf, type SlipwayEvent } from "../../handlers/shared/events";
import { readSchema, target } from "../project";
import { type ReleaseContext } from "./context";
import { readRecord, type ReleaseRecord } from "./record";
import { type RowCounts } from "../data/tally";
import { readSnapshot } from "../data/snapshot";

/** Tells the subscribers that a release is served. @param seconds what the release took. */
export async function announceDeployed(context: ReleaseContext, id: string, seconds: number): Promise<void> {
  const { clients, outputs } = context;
  const { name, unit } = target(readSchema(outputs.problem));
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  const metrics = record?.metrics ?? {};
  const snapshot =
    record && (await readSnapshot(clients.s3, outputs.dataBucket, record.ingredients.snapshot));
  await send(context, "release.deployed", "info", {
    release: id,
    endpoint: outputs.endpointName,
    url: outputs.predictionUrl,
    metrics,
    target: name,
    unit,
    snapshot: { rows: metrics["train:rows"] ?? 0, objects: snapshot?.objects.length ?? 0 },
    seconds,
  });
}

/** Tells the subscribers that `release` is served no longer, why, and what is `served` instead. */
export function announceRolledBack(
  context: ReleaseContext,
  release: string,
  reason: string,
  served: string | undefined,
): Promise<void> {
  return send(context, "release.rolledback", "warning", { release, reason, served });
}

/** Tells the subscribers that a release is not served, why, and what stays in service. */
export function announceRejected(
  context: ReleaseContext,
  { id, gate }: ReleaseRecord,
  reason: string,
  served: string | undefined,
): Promise<void> {
  const detail = { release: id, reason, served, report: gate?.report };
  return send(context, "release.rejected", "warning", detail);
}

/** Tells the subscribers that rows of the data do not get into a release, and why. */
export const announceRejectedData = (
  context: ReleaseContext,
  severity: "warning" | "error",
  reason: string,
  { rejected, read }: RowCounts,
): Promise<void> => send(context, "data.rejected", severity, { reason, rejected, read });

/** Tells the subscribers that a release waits for a person, and how to approve or reject it. */
export function announcePending(
  context: ReleaseContext,
  { id, gate }: ReleaseRecord,
  served: string | undefined,
): Promise<void> {
  const { name } = context.stack;
  return send(context, "release.pending", "info", {
    release: id,
    reason: gate?.reason ?? "",
    served,
    approve: `npx slipway approve ${name} ${id}`,
    reject: `npx slipway reject ${name} ${id} --reason '...'`,
    report: gate?.report,
  });
}

/** Puts an event on the stack's results queue, from where the publisher takes it. */
async function send<Kind extends EventKind>(
  { clients, stack, outputs }: ReleaseContext,
  kind: Kind,
  severity: SlipwayEvent["severity"],
  detail: EventOf<Kind>["detail"],
): Promise<void> {
  const time = new Date().toISOString();
  const event = { kind, stack: stack.name, severity, time, id: randomUUID(), detail };
  const MessageBody = JSON.stringify(event);
  await clients.sqs.send(new SendMessageCommand({ QueueUrl: outputs.resultsQueueUrl, MessageBody }));
}
