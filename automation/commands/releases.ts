import { type ModelApprovalStatus } from "@aws-sdk/client-sagemaker";
import { type Output } from "../output";
import { stateOf } from "../release/approval";
import { createClients } from "../release/clients";
import { currentRelease } from "../release/current";
import { type PastDeployment, readHistory } from "../release/history";
import { errorText } from "../release/metrics";
import { listRecords, type ReleaseRecord } from "../release/record";
import { listApprovals } from "../release/registry";
import { requireOutputs } from "../outputs";
import { openTarget } from "../target";

/** `slipway releases` */
export async function releases(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  const { s3, ssm, sagemaker } = createClients(target, outputs.region);
  const current = await currentRelease(ssm, outputs);
  const history = await readHistory(s3, outputs.dataBucket);
  const statuses = await listApprovals(sagemaker, outputs.modelPackageGroup);
  const found = (await listRecords(s3, outputs.dataBucket)).map((record) =>
    row(record, statuses.get(record.modelPackageArn), current?.id, history),
  );
  output.answer(
    found,
    found.length
      ? [
          "state       release       trained           error     commit",
          ...found.map((each) => describe(each, outputs.problem)),
        ].join("\n")
      : `The stack ${name} has no release yet. Make one with 'npx slipway release ${name}'.`,
  );
}

function row(
  record: ReleaseRecord,
  status: ModelApprovalStatus | undefined,
  current: string | undefined,
  history: PastDeployment[],
) {
  const { id, createdAt, commit, metrics, ingredients, modelDataUrl, modelPackageArn } = record;
  const { gate, rejection } = record;
  return {
    release: id,
    served: id === current,
    state: stateOf(record, status, current),
    reason: rejection?.reason ?? gate?.reason ?? null,
    report: gate?.report ?? null,
    trainedAt: createdAt,
    commit: commit ?? null,
    metrics,
    snapshot: ingredients.snapshot,
    image: ingredients.imageUri,
    artifact: modelDataUrl,
    modelPackage: modelPackageArn,
    deployments: history.filter(({ release }) => release === id),
  };
}

function describe(
  { release, state, trainedAt, metrics, commit }: ReturnType<typeof row>,
  problem: string,
): string {
  const error = errorText(metrics, problem);
  const when = trainedAt.slice(0, 16).replace("T", " ");
  return `${state.padEnd(11)} ${release}  ${when}  ${error.padEnd(9)} ${commit?.slice(0, 10) ?? ""}`;
}
