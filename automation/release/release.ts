import { type Stack } from "@pulumi/pulumi/automation";
import { type Release } from "../../components/current-release";
import { throwIfInterrupted } from "../interrupt";
import { type Output } from "../output";
import { type Answer } from "../prediction";
import { type Outputs } from "../stack";
import { type Target } from "../target";
import { announceDeployed } from "./announce";
import { type Clients, createClients } from "./clients";
import { currentRelease, deploy, undeploy } from "./deploy";
import { commit } from "./git";
import { processing, runJob, training } from "./jobs";
import { readRecord, type ReleaseRecord, writeRecord } from "./record";
import { register } from "./registry";
import { type Ingredients, readIngredients, releaseId } from "./release-id";
import { smokeTest } from "./smoke-test";
import { type Snapshot, takeSnapshot } from "./snapshot";

export interface ReleaseResult {
  id: string;
  /** False when this release had been trained before. */
  trained: boolean;
  /** False when it was served already. */
  deployed: boolean;
  metrics: Record<string, number>;
  record: ReleaseRecord;
  /** What the public URL answered in the smoke test. */
  answer: Answer;
  /** Wall-clock time. */
  seconds: number;
}

/**
 * From the data in the bucket to a served model: snapshot, process, train, register, deploy, smoke test, announce.
 * What the snapshot, image, hyperparameters and schema have given before is not made again.
 *
 * @param stack a stack that is up, with its `outputs`.
 */
export async function release(
  stack: Stack,
  outputs: Outputs,
  target: Target,
  output: Output,
): Promise<ReleaseResult> {
  const began = performance.now();
  const clients = createClients(target, outputs.region);
  const snapshot = await output.step("Freezing a data snapshot", async (progress) => {
    const taken = await takeSnapshot(clients.s3, outputs.dataBucket);
    progress.result(`${taken.hash.slice(0, 12)}, ${taken.objects.length} objects`);
    return taken;
  });
  const ingredients = readIngredients(snapshot.hash, outputs.imageUri);
  const id = releaseId(ingredients);
  const known = await readRecord(clients.s3, outputs.dataBucket, id);
  if (known) output.note(`Release ${id} was trained before: nothing to train.`);
  const record = known ?? (await train(clients, outputs, id, ingredients, target.pollSeconds, output));

  const before = await currentRelease(clients.ssm, outputs);
  const deployed = before?.id !== id;
  if (deployed) {
    throwIfInterrupted();
    await deploy(clients.ssm, stack, outputs, pointerTo(record), output);
  } else {
    output.note(`Release ${id} is served already: nothing to deploy.`);
  }
  const answer = await test(clients, stack, outputs, id, deployed ? { before } : undefined, output);
  const seconds = (performance.now() - began) / 1000;
  if (deployed) await announce(clients, stack.name, outputs, record, snapshot, seconds, output);
  return { id, trained: !known, deployed, metrics: record.metrics, record, answer, seconds };
}

const pointerTo = ({ id, ingredients, modelDataUrl, modelPackageArn }: ReleaseRecord): Release => ({
  id,
  imageUri: ingredients.imageUri,
  modelDataUrl,
  modelPackageArn,
});

async function train(
  clients: Clients,
  outputs: Outputs,
  id: string,
  ingredients: Ingredients,
  pollSeconds: number,
  output: Output,
): Promise<ReleaseRecord> {
  const work = { outputs, releaseId: id, ingredients };
  const processed = await output.step("Processing job: validating and splitting the rows", (progress) =>
    runJob(processing, clients.sagemaker, work, pollSeconds, progress),
  );
  const trained = await output.step("Training job: training in the container", async (progress) => {
    const job = await runJob(training, clients.sagemaker, work, pollSeconds, progress);
    const { "train:rows": rows } = job.state.metrics;
    progress.result(`${rows ?? "?"} rows`);
    return job;
  });
  return output.step("Registering the model", async (progress) => {
    const { modelDataUrl, metrics } = trained.state;
    if (!modelDataUrl) throw new Error(`The training job ${trained.name} names no model artifact`);
    const made = {
      id,
      createdAt: new Date().toISOString(),
      commit: await commit(),
      ingredients,
      processingJob: processed.name,
      trainingJob: trained.name,
      modelDataUrl,
      metrics,
    };
    const record = { ...made, modelPackageArn: await register(clients.sagemaker, outputs, made) };
    await writeRecord(clients.s3, outputs.dataBucket, record);
    progress.result(record.modelPackageArn.split("/").slice(-2).join("/"));
    return record;
  });
}

/** The smoke test; when a deployment does not pass it, what was served before is put back. */
async function test(
  clients: Clients,
  stack: Stack,
  outputs: Outputs,
  id: string,
  deployment: { before: Release | undefined } | undefined,
  output: Output,
): Promise<Answer> {
  try {
    return await output.step("Smoke test through the public URL", () => smokeTest(clients.logs, outputs, id));
  } catch (error) {
    if (deployment) await undeploy(clients.ssm, stack, outputs, deployment.before, output);
    throw error;
  }
}

function announce(
  clients: Clients,
  stack: string,
  outputs: Outputs,
  record: ReleaseRecord,
  snapshot: Snapshot,
  seconds: number,
  output: Output,
): Promise<void> {
  return output.step("Announcing the release to the subscribers", () =>
    announceDeployed(clients.sqs, stack, outputs, record, snapshot, seconds),
  );
}
