import { UserError } from "../errors";
import { requireServable } from "./approval";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { changeServing, settle } from "./deploy";
import { withDeploymentLock } from "./lock";
import { readRecord } from "./record";
import { requireIntact } from "./artifact";

/**
 * Has a release see a copy of each request beside the one that is served: its answers go nowhere, its latency and errors
 * show in CloudWatch. It stays until the next release, rollback or call of this.
 * @param wanted the release; undefined takes the shadow away.
 * @throws UserError on a serverless endpoint, which SageMaker gives no shadow.
 */
export const shadow = (context: ReleaseContext, wanted: string | undefined) =>
  withDeploymentLock(context, "shadow", () => change(context, wanted));

async function change(
  context: ReleaseContext,
  wanted: string | undefined,
): Promise<{ release: string; shadow: string | null }> {
  const { clients, outputs, stack } = context;
  await settle(context);
  const current = await currentRelease(clients.ssm, outputs);
  if (!current)
    throw new UserError(`The stack '${stack.name}' serves no release, so none can be its shadow.`);
  if (outputs.alarmNames.length === 0) {
    throw new UserError(
      `The endpoint of the stack '${stack.name}' is serverless, and SageMaker gives those no shadow. Set 'endpoint' to ` +
        `real-time in Pulumi.${stack.name}.yaml.`,
    );
  }
  const { shadow: before, ...served } = current;
  if (before?.id === wanted) return { release: current.id, shadow: wanted ?? null };
  const release = wanted ? { ...served, shadow: await artifactOf(context, wanted) } : served;
  const startedAt = new Date().toISOString();
  await changeServing(context, { action: "shadow", release, previous: current, startedAt });
  return { release: current.id, shadow: wanted ?? null };
}

async function artifactOf(context: ReleaseContext, id: string) {
  const { clients, outputs, stack } = context;
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  if (!record) {
    throw new UserError(
      `The stack '${stack.name}' has no release '${id}'. See 'npx slipway releases ${stack.name}'.`,
    );
  }
  await requireServable(context, record);
  await requireIntact(clients.s3, record);
  return { id, imageUri: record.ingredients.imageUri, modelDataUrl: record.modelDataUrl };
}
