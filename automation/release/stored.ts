import { knownSnapshot } from "../data/snapshot";
import { UserError } from "../errors";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { workOf } from "./data";
import { readDeployment } from "./deployment";
import { readRecord } from "./record";
import { readApproval } from "./registry";
import { readIngredients, releaseId } from "./release-id";

/**
 * Whether a release now would only serve again what was served before, as after a reverted commit: then its deployment is
 * all that the stack needs, and it need not be brought up before that.
 */
export async function isServedAgain(context: ReleaseContext): Promise<boolean> {
  const { clients, outputs, imageBase } = context;
  if (await readDeployment(clients.s3, outputs.dataBucket)) return false;
  const snapshot = await knownSnapshot(workOf(context)).catch((error: Error) => {
    if (error instanceof UserError) return undefined; // there is no data, of which the release tells
    throw error;
  });
  if (!snapshot) return false;
  const id = releaseId(readIngredients(snapshot.hash, outputs.imageUri, imageBase));
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  if (record?.gate?.decision !== "accepted") return false;
  if ((await currentRelease(clients.ssm, outputs))?.id === id) return false;
  return (await readApproval(clients.sagemaker, record.modelPackageArn)).status === "Approved";
}
