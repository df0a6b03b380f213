import { type Format } from "../shared/batches/batch";
import { HandedOver, scoreByEndpoint } from "./by-endpoint";
import { finishTransform, scoreByTransform } from "./by-transform";
import { fail, orFail } from "./end";
import { type Ports, type Run } from "./ports";

/** An upload that has come. */
export interface Upload {
  id: string;
  format: Format;
  bytes: number;
  version?: string | undefined;
}

/** A transform job that has come to its end. */
export interface Ended {
  id: string;
  job: string;
  status: "Completed" | "Failed" | "Stopped";
  reason?: string | undefined;
}

const longestReason = 500;

/** `reason` without names of roles and buckets, which are no business of callers of the API; the log has them. */
const withoutPlaces = (reason: string) => reason.replace(/\b(arn:[\w-]+:|s3:\/\/)[^\s"',]+/g, "...");

/** Scores a batch whose upload has come, or begins to. Whoever tells of the upload a second time is not heard. */
export async function start({ id, bytes, version }: Upload, run: Run, ports: Ports): Promise<void> {
  const batch = await ports.batches.claim(id, run.id, version);
  if (batch === undefined) {
    ports.log.info("the upload is not waited for: it is being scored already, or came too late", {
      batch: id,
    });
    return;
  }
  await orFail(batch, ports, async () => {
    try {
      if (bytes <= ports.endpointBytes) return await scoreByEndpoint(batch, run, ports);
    } catch (error) {
      if (!(error instanceof HandedOver)) throw error;
      ports.log.warn("a transform job takes over from the endpoint", { batch: id, reason: error.message });
    }
    await scoreByTransform(batch, run, ports);
  });
}

/** Ends a batch whose transform job has ended. */
export async function finish({ id, job, status, reason }: Ended, ports: Ports): Promise<void> {
  const batch = await ports.batches.find(id);
  if (batch?.status !== "running") {
    ports.log.info("the transform job is of no batch under way", { batch: id, job, status });
    return;
  }
  if (status === "Completed") return orFail(batch, ports, () => finishTransform(batch, ports));
  const why = status === "Stopped" ? "it was stopped" : withoutPlaces(reason ?? "SageMaker gives no reason");
  ports.log.warn("the transform job failed", { batch: id, job, status, reason });
  await fail(batch, `Its transform job ${job} failed: ${why.slice(0, longestReason)}`, ports);
}
