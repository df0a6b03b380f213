import { standardProblem } from "../../components/shared/problem";
import { UserError } from "../errors";
import { copyImage } from "./copy-image";
import { copyArtifact, copyReleaseData, type Place } from "./copy-data";
import { requireIntact } from "./artifact";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { settle } from "./deploy";
import { readDeployment } from "./deployment";
import { actor } from "./history";
import { withDeploymentLock } from "./lock";
import { listRecords, readRecord, type ReleaseRecord, writeRecord } from "./record";
import { register } from "./registry";
import { judgeAndServe, type ReleaseResult } from "./release";
import { readIngredients, releaseId, schemaDigest } from "./release-id";
import { requireServed } from "./verify";

/**
 * What a stack serves, fit to go to another one.
 * @throws UserError when it serves nothing, is between two releases, or its release is of no use with this working tree.
 */
export async function servedRelease(source: ReleaseContext): Promise<ReleaseRecord> {
  const { clients, outputs, stack } = source;
  const { name } = stack;
  const { problem = standardProblem } = outputs;
  const deployment = await readDeployment(clients.s3, outputs.dataBucket);
  if (deployment) {
    throw new UserError(
      `The stack '${name}' is between two releases: the deployment of ${deployment.release.id}, begun by ${deployment.by} at ` +
        `${deployment.startedAt}, has not ended. Wait for it (or go on with it: 'npx slipway release ${name}'), then try again.`,
    );
  }
  const served = await currentRelease(clients.ssm, outputs);
  if (!served) {
    throw new UserError(
      `The stack '${name}' serves no release: there is nothing to promote. Make one with 'npx slipway release ${name}'.`,
    );
  }
  await requireServed(source, served.id);
  const record = await readRecord(clients.s3, outputs.dataBucket, served.id);
  if (!record) {
    throw new UserError(
      `The record of release ${served.id} is not in the data bucket of '${name}' any more (${outputs.dataBucket}). Make it ` +
        `again with 'npx slipway release ${name}'.`,
    );
  }
  if (record.ingredients.schema !== schemaDigest(problem)) {
    throw new UserError(
      `Release ${served.id} of '${name}' was trained with another schema.json than the ${problem}/schema.json here, by which the API ` +
        `would check its records. Check out what it was made from (commit ${record.commit ?? "unknown"}), or release what is here ` +
        `with 'npx slipway release ${name}'; then try again.`,
    );
  }
  await requireIntact(clients.s3, record);
  return record;
}

/** Whether a release is made of what the working tree holds: image, hyperparameters and schema, on whatever data. */
export const isOfWorkingTree = ({ id, ingredients }: ReleaseRecord, { outputs, imageBase }: ReleaseContext) =>
  releaseId(readIngredients(ingredients.snapshot, outputs.imageUri, imageBase, outputs.problem)) === id;

/** The newest release of a stack that is made of the working tree and that its gate has accepted; undefined for none. */
export async function acceptedOfWorkingTree(context: ReleaseContext): Promise<ReleaseRecord | undefined> {
  const records = await listRecords(context.clients.s3, context.outputs.dataBucket);
  return records.find(
    (record) => record.gate?.decision === "accepted" && !record.rejection && isOfWorkingTree(record, context),
  );
}

/** Serves a release again that the stack has, without looking at its data. */
export const serveAgain = (context: ReleaseContext, record: ReleaseRecord) =>
  withDeploymentLock(context, "release", async () => {
    const startedAt = new Date();
    await settle(context);
    return judgeAndServe(context, record, startedAt);
  });

/**
 * Lets a stack release what another one has proven: the same image and the same artifact, copied, not built or trained
 * again. Its own gate, approval and guardrails decide, as for any other release.
 */
export const promote = (source: ReleaseContext, record: ReleaseRecord, to: ReleaseContext) =>
  withDeploymentLock(to, "promote", () => bringOver(source, record, to));

async function bringOver(
  source: ReleaseContext,
  record: ReleaseRecord,
  to: ReleaseContext,
): Promise<ReleaseResult> {
  const startedAt = new Date();
  await settle(to);
  const known = await readRecord(to.clients.s3, to.outputs.dataBucket, record.id);
  if (known)
    to.output.note(`The stack '${to.stack.name}' has release ${record.id} already: nothing to copy.`);
  return judgeAndServe(to, known ?? (await copy(source, record, to)), startedAt);
}

/** The release as one of the other stack; its record is written last, so that where it is all of it is. */
async function copy(
  source: ReleaseContext,
  { gate: _gate, rejection: _rejection, modelPackageArn: _package, ...record }: ReleaseRecord,
  to: ReleaseContext,
): Promise<ReleaseRecord> {
  const { clients, outputs, output } = to;
  const repository = outputs.imageUri.split("@")[0]!;
  const imageUri = await output.step("Copying the image", (progress) =>
    copyImage(source.clients.ecr, record.ingredients.imageUri, clients.ecr, repository, progress),
  );
  const [from, into] = [source, to].map((context) => ({
    s3: context.clients.s3,
    bucket: context.outputs.dataBucket,
  })) as [Place, Place];
  const modelDataUrl = await output.step("Copying the model and its data", async (progress) => {
    await copyReleaseData(from, into, record, progress);
    return copyArtifact(from, into, record);
  });
  const made = {
    ...record,
    ingredients: { ...record.ingredients, imageUri },
    modelDataUrl,
    promoted: { from: source.stack.name, at: new Date().toISOString(), by: actor() },
  };
  const copied = { ...made, modelPackageArn: await register(clients.sagemaker, outputs, made) };
  await writeRecord(clients.s3, outputs.dataBucket, copied);
  return copied;
}
