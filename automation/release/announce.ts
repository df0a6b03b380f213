import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";
import { type EventKind, type EventOf, type SlipwayEvent } from "../../handlers/shared/events";
import { target } from "../project";
import { type ReleaseContext } from "./context";
import { type ReleaseRecord } from "./record";

/** Tells the subscribers that a release is served. @param objects of its snapshot. @param seconds what it took. */
export function announceDeployed(
  context: ReleaseContext,
  record: ReleaseRecord,
  objects: number,
  seconds: number,
): Promise<void> {
  const { name, unit } = target();
  return send(context, "release.deployed", "info", {
    release: record.id,
    endpoint: context.outputs.endpointName,
    url: context.outputs.predictionUrl,
    metrics: record.metrics,
    target: name,
    unit,
    snapshot: { rows: record.metrics["train:rows"] ?? 0, objects },
    seconds,
  });
}

/** Tells the subscribers that `release` is served no longer, why, and what is `served` instead. */
export function announceRolledBack(
  context: ReleaseContext,
  release: string,
  reason: string,
  served: string,
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
