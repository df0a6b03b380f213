import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { randomUUID } from "node:crypto";
import { type EventOf } from "../../handlers/shared/events";
import { target } from "../project";
import { type Outputs } from "../stack";
import { type ReleaseRecord } from "./record";
import { type Snapshot } from "./snapshot";

/** Tells the subscribers that a release is served, by way of the results queue. @param seconds what the release took. */
export async function announceDeployed(
  sqs: SQSClient,
  stack: string,
  outputs: Outputs,
  record: ReleaseRecord,
  snapshot: Snapshot,
  seconds: number,
): Promise<void> {
  const { name, unit } = target();
  const event: EventOf<"release.deployed"> = {
    kind: "release.deployed",
    stack,
    severity: "info",
    time: new Date().toISOString(),
    id: randomUUID(),
    detail: {
      release: record.id,
      endpoint: outputs.endpointName,
      url: outputs.predictionUrl,
      metrics: record.metrics,
      target: name,
      unit,
      snapshot: { rows: record.metrics["train:rows"] ?? 0, objects: snapshot.objects.length },
      seconds,
    },
  };
  await sqs.send(
    new SendMessageCommand({ QueueUrl: outputs.resultsQueueUrl, MessageBody: JSON.stringify(event) }),
  );
}
