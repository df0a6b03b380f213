import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";
import { type EventKind, type EventOf, type SlipwayEvent } from "../../handlers/shared/events";
import { target } from "../project";
import { type ReleaseContext } from "./context";
import { type ReleaseRecord } from "./record";
import { type Snapshot } from "./snapshot";

/** Tells the subscribers that a release is served. @param seconds what the release took. */
export function announceDeployed(
  context: ReleaseContext,
  record: ReleaseRecord,
  snapshot: Snapshot,
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
    snapshot: { rows: record.metrics["train:rows"] ?? 0, objects: snapshot.objects.length },
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
