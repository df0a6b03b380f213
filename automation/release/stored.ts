import { type LandedObject, landedObjects } from "../data/landed";
import { knownSnapshot } from "../data/snapshot";
import { UserError } from "../errors";
import { projectName, readStackConfig } from "../stack-config";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { workOf } from "./data";
import { readDeployment } from "./deployment";
import { readRecord } from "./record";
import { readApproval } from "./registry";
import { readIngredients, releaseId } from "./release-id";

/** What the data bucket holds before a release. */
export interface Stored {
  /**
   * A release now would only serve again what was served before, as after a reverted commit: then its deployment is all that
   * the stack needs, and it need not be brought up before that.
   */
  isServedAgain: boolean;
  /** The data of the release, so that it need not be listed again; none when it was not looked at, or there is none. */
  landed?: LandedObject[];
}

export async function findStored(context: ReleaseContext): Promise<Stored> {
  const { clients, outputs } = context;
  if (await readDeployment(clients.s3, outputs.dataBucket)) return { isServedAgain: false };
  const landed = await landedObjects(clients.s3, outputs.dataBucket).catch((error: Error) => {
    if (error instanceof UserError) return undefined; // there is no data, of which the release tells
    throw error;
  });
  return landed
    ? { isServedAgain: await isServedAgain({ ...context, landed }), landed }
    : { isServedAgain: false };
}

async function isServedAgain(context: ReleaseContext): Promise<boolean> {
  const { clients, outputs, imageBase, stack } = context;
  // Where another kind of endpoint is configured than is up, the endpoint will have another name.
  const kind = readStackConfig(stack.name)[`${projectName()}:endpoint`];
  if (!outputs.endpointName.endsWith(`-${String(kind)}`)) return false;
  const snapshot = await knownSnapshot(workOf(context));
  if (!snapshot) return false;
  const id = releaseId(readIngredients(snapshot.hash, outputs.imageUri, imageBase, outputs.problem));
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  if (record?.gate?.decision !== "accepted") return false;
  if ((await currentRelease(clients.ssm, outputs))?.id === id) return false;
  return (await readApproval(clients.sagemaker, record.modelPackageArn)).status === "Approved";
}
