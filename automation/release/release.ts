import { readSchema } from "../project";
import { type Answer } from "../prediction";
import { artifactDigest } from "./artifact";
import { type ReleaseContext } from "./context";
import { freezeData } from "./data";
import { serveRelease, settle } from "./deploy";
import { passGate } from "./gate/pass";
import { commit } from "./git";
import { actor } from "./history";
import { processing, runJob, training } from "./jobs";
import { withDeploymentLock } from "./lock";
import { readRecord, type ReleaseRecord, writeRecord, writeReleaseSchema } from "./record";
import { register } from "./registry";
import { type Ingredients, readIngredients, releaseId } from "./release-id";

export interface ReleaseResult {
  id: string;
  /** False when this release had been trained before. */
  trained: boolean;
  /** `rejected` by the gate or a person, `pending`: accepted by the gate, waits for a person. */
  state: "served" | "rejected" | "pending";
  /** For people: why it is in this state. */
  reason: string;
  /** False when it was served already, or is not to be. */
  deployed: boolean;
  metrics: Record<string, number>;
  record: ReleaseRecord;
  /** Of the stack. */
  problem: string;
  /** What the public URL answered in the smoke test of a release that is served. */
  answer?: Answer;
  /** Wall-clock time. */
  seconds: number;
}

/**
 * From the data in the bucket to a served model: snapshot, process, train, register, evaluate, gate, deploy, smoke test,
 * announce. What the snapshot, image, hyperparameters and schema have given before is not made again. A release that
 * the gate rejects, or that waits for a person, changes nothing that is served.
 */
export const release = (context: ReleaseContext) =>
  withDeploymentLock(context, "release", () => makeRelease(context));

async function makeRelease(context: ReleaseContext): Promise<ReleaseResult> {
  const startedAt = new Date();
  const { clients, outputs, output } = context;
  await settle(context);
  const { snapshot } = await freezeData(context);
  const ingredients = readIngredients(snapshot.hash, outputs.imageUri, context.imageBase, outputs.problem);
  const id = releaseId(ingredients);
  const known = await readRecord(clients.s3, outputs.dataBucket, id);
  if (known) output.note(`Release ${id} was trained before: nothing to train.`);
  const result = await judgeAndServe(context, known ?? (await train(context, id, ingredients)), startedAt);
  return { ...result, trained: !known };
}

/** Brings a trained release to its verdict, and into service when it is accepted. */
export async function judgeAndServe(
  context: ReleaseContext,
  trained: ReleaseRecord,
  startedAt: Date,
): Promise<ReleaseResult> {
  const { state, reason, record } = await passGate(context, trained);
  const seconds = () => (Date.now() - startedAt.getTime()) / 1000;
  const { problem } = context.outputs;
  const result = { id: record.id, trained: false, reason, metrics: record.metrics, record, problem };
  if (state !== "accepted") return { ...result, state, deployed: false, seconds: seconds() };
  const change = { action: "release", startedAt: startedAt.toISOString() } as const;
  const served = await serveRelease(context, record, change);
  return { ...result, state: "served", ...served, seconds: seconds() };
}

async function train(context: ReleaseContext, id: string, ingredients: Ingredients): Promise<ReleaseRecord> {
  const { clients, outputs, pollSeconds, output } = context;
  const work = { stack: context.stack.name, outputs, releaseId: id, ingredients };
  const processed = await output.step("Processing job: validating and splitting the rows", (progress) =>
    runJob(processing, clients.sagemaker, work, pollSeconds, progress),
  );
  const trained = await output.step("Training job: training in the container", async (progress) => {
    const job = await runJob(training, clients.sagemaker, work, pollSeconds, progress);
    progress.result(`${job.state.metrics["train:rows"] ?? "?"} rows`);
    return job;
  });
  return output.step("Registering the model", async (progress) => {
    const { modelDataUrl, metrics } = trained.state;
    if (!modelDataUrl) throw new Error(`The training job ${trained.name} names no model artifact`);
    const made = {
      id,
      createdAt: new Date().toISOString(),
      commit: await commit(),
      by: actor(),
      ingredients,
      processingJob: processed.name,
      trainingJob: trained.name,
      modelDataUrl,
      modelDataSha256: await artifactDigest(clients.s3, modelDataUrl),
      metrics,
    };
    const record = { ...made, modelPackageArn: await register(clients.sagemaker, outputs, made) };
    await writeReleaseSchema(clients.s3, outputs.dataBucket, id, readSchema(outputs.problem));
    await writeRecord(clients.s3, outputs.dataBucket, record);
    progress.result(record.modelPackageArn.split("/").slice(-2).join("/"));
    return record;
  });
}
