import { type Outputs } from "../outputs";
import { type ReleaseState, stateOf } from "./approval";
import { type Clients } from "./clients";
import { currentRelease } from "./current";
import { type PastDeployment, readHistory } from "./history";
import { listRecords, type ReleaseRecord } from "./record";
import { listApprovals } from "./registry";

/** A release of a stack, and what has become of it. */
export interface ListedRelease {
  record: ReleaseRecord;
  state: ReleaseState;
  /** Newest first. */
  deployments: PastDeployment[];
}

/** The releases of a stack, newest first. */
export async function listReleases(
  { s3, ssm, sagemaker }: Clients,
  outputs: Outputs,
): Promise<ListedRelease[]> {
  const [current, history, statuses, records] = await Promise.all([
    currentRelease(ssm, outputs),
    readHistory(s3, outputs.dataBucket),
    listApprovals(sagemaker, outputs.modelPackageGroup),
    listRecords(s3, outputs.dataBucket),
  ]);
  return records.map((record) => ({
    record,
    state: stateOf(record, statuses.get(record.modelPackageArn), current?.id),
    deployments: history.filter(({ release }) => release === record.id),
  }));
}
