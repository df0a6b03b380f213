import { PutParameterCommand } from "@aws-sdk/client-ssm";
import { formatRelease, type Release } from "../../components/release/current-release";
import { UserError } from "../errors";
import { interruptSignal, throwIfInterrupted } from "../interrupt";
import { type Answer } from "../prediction";
import { up } from "../stack";
import { announceDeployed, announceRolledBack } from "./announce";
import { requireIntact } from "./artifact";
import { currentInstanceCount } from "./capacity";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { type Deployment, forgetDeployment, keepDeployment, readDeployment } from "./deployment";
import { actor, recordDeployment } from "./history";
import { whileProbing } from "./probe";
import { type ReleaseRecord } from "./record";
import { readServing } from "./serving";
import { requireServed, verify } from "./verify";

/**
 * Makes the stack serve the release of `record`, proves through SageMaker and the public URL that it does, and tells the
 * subscribers. When any of it fails, the stack serves again what it served before, and Pulumi's state says so.
 */
export async function serveRelease(
  context: ReleaseContext,
  record: ReleaseRecord,
  { action, reason, startedAt }: Pick<Deployment, "action" | "reason" | "startedAt">,
): Promise<{ deployed: boolean; answer: Answer }> {
  const { clients, outputs, output } = context;
  const previous = await currentRelease(clients.ssm, outputs);
  if (previous?.id === record.id) {
    output.note(`Release ${record.id} is served already: nothing to deploy.`);
    return { deployed: false, answer: await verify(context, record.id) };
  }
  throwIfInterrupted();
  await requireIntact(clients.s3, record);
  const instanceCount = await currentInstanceCount(clients.sagemaker, outputs.endpointName);
  const release = pointerTo(record, instanceCount);
  return {
    deployed: true,
    answer: await changeServing(context, { action, release, previous, reason, startedAt }),
  };
}

/** Notes the deployment, so that it can be finished or taken back whatever happens, and brings it about. */
export async function changeServing(
  context: ReleaseContext,
  change: Omit<Deployment, "by" | "failure">,
): Promise<Answer> {
  const deployment = { ...change, by: actor() };
  await keepDeployment(context.clients.s3, context.outputs.dataBucket, deployment);
  return finish(context, deployment);
}

/**
 * Ends a deployment that was interrupted, so that nothing new begins on top of half a change: finishes it, or takes it
 * back when it had failed, or when the user wants it back.
 * @param wantedBack why the user wants what was served before.
 * @returns the deployment, if there was one.
 */
export async function settle(context: ReleaseContext, wantedBack?: string): Promise<Deployment | undefined> {
  const { clients, outputs, output } = context;
  const deployment = await readDeployment(clients.s3, outputs.dataBucket);
  if (!deployment) return undefined;
  const { release, startedAt, by, failure = wantedBack } = deployment;
  const what = `The deployment of release ${release.id}, which ${by} began at ${startedAt}, was interrupted`;
  output.note(`${what}: ${failure === undefined ? "finishing it first" : "taking it back"}.`);
  if (failure === undefined) await finish(context, deployment);
  else await putBack(context, deployment, failure);
  return deployment;
}

/** @param instanceCount what autoscaling has made of the endpoint, which a deployment must not undo. */
const pointerTo = (
  { id, ingredients, modelDataUrl, modelPackageArn }: ReleaseRecord,
  instanceCount: number | undefined,
): Release => ({
  id,
  imageUri: ingredients.imageUri,
  modelDataUrl,
  modelPackageArn,
  ...(instanceCount === undefined ? {} : { instanceCount }),
});

/** Every step can be done again, so that a command that died at any of them is finished by the next one. */
async function finish(context: ReleaseContext, deployment: Deployment): Promise<Answer> {
  const { clients, outputs, output } = context;
  const { release } = deployment;
  let answer: Answer;
  try {
    await point(context, release);
    await whileProbing(context, release.id, () => rollOut(context, release.id));
    answer = await verify(context, release.id);
  } catch (error) {
    if (interruptSignal.aborted) throw error; // the next command finishes it
    await putBack(context, deployment, (error as Error).message);
    throw error;
  }
  await recordDeployment(clients.s3, outputs.dataBucket, deployment);
  if (deployment.action !== "shadow") {
    await output.step("Announcing it to the subscribers", () => announce(context, deployment));
  }
  await forgetDeployment(clients.s3, outputs.dataBucket);
  return answer;
}

/** Brings the endpoint to the release. @throws UserError with SageMaker's own words, where it has any, before Pulumi's. */
async function rollOut(context: ReleaseContext, releaseId: string): Promise<void> {
  try {
    await up(context.stack, context.output);
  } catch (error) {
    if (interruptSignal.aborted) throw error;
    const serving = await readServing(context.clients.sagemaker, context.outputs.endpointName);
    if (serving?.failureReason) await requireServed(context, releaseId);
    throw error;
  }
}

const announce = (context: ReleaseContext, { action, release, previous, reason, startedAt }: Deployment) =>
  action === "rollback" && previous
    ? announceRolledBack(context, previous.id, reason ?? "", release.id)
    : announceDeployed(context, release.id, (Date.now() - Date.parse(startedAt)) / 1000);

/** Serves again what was served before the deployment that failed, and tells the subscribers why. */
async function putBack(context: ReleaseContext, deployment: Deployment, failure: string): Promise<void> {
  const { clients, outputs, output, stack } = context;
  const { release, previous } = deployment;
  const what = previous ? `release ${previous.id}` : "nothing";
  output.note(`Putting back what was served before: ${what}.`);
  const failed = { ...deployment, failure };
  try {
    await keepDeployment(clients.s3, outputs.dataBucket, failed);
    await point(context, previous);
    await up(stack, output);
    await recordDeployment(clients.s3, outputs.dataBucket, failed);
    if (deployment.action !== "shadow") {
      await announceRolledBack(context, release.id, failure, previous?.id);
    }
    await forgetDeployment(clients.s3, outputs.dataBucket);
  } catch (second) {
    throw new UserError(
      `${failure} And putting back ${what} failed: ${(second as Error).message} Run the same command again: it goes on there.`,
    );
  }
}

async function point({ clients, outputs }: ReleaseContext, release: Release | undefined): Promise<void> {
  const Value = formatRelease(release);
  await clients.ssm.send(
    new PutParameterCommand({ Name: outputs.releaseParameter, Value, Type: "String", Overwrite: true }),
  );
}
