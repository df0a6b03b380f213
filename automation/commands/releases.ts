import { type Output } from "../output";
import { createClients } from "../release/clients";
import { currentRelease } from "../release/deploy";
import { type Deployment, readHistory } from "../release/history";
import { listRecords, type ReleaseRecord } from "../release/record";
import { requireStack } from "../stack";
import { openTarget } from "../target";

/** `slipway releases` */
export async function releases(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const { outputs } = await requireStack(name, target, output);
  const { s3, ssm } = createClients(target, outputs.region);
  const current = await currentRelease(ssm, outputs);
  const history = await readHistory(s3, outputs.dataBucket);
  const found = (await listRecords(s3, outputs.dataBucket)).map((record) =>
    row(record, current?.id, history),
  );
  output.answer(
    found,
    found.length
      ? ["served  release       trained           error   commit", ...found.map(describe)].join("\n")
      : `The stack ${name} has no release yet. Make one with 'npx slipway release ${name}'.`,
  );
}

function row(record: ReleaseRecord, current: string | undefined, history: Deployment[]) {
  const { id, createdAt, commit, metrics, ingredients, modelPackageArn } = record;
  return {
    release: id,
    served: id === current,
    trainedAt: createdAt,
    commit: commit ?? null,
    metrics,
    snapshot: ingredients.snapshot,
    image: ingredients.imageUri,
    modelPackage: modelPackageArn,
    deployments: history.filter(({ release }) => release === id),
  };
}

function describe({ release, served, trainedAt, metrics, commit }: ReturnType<typeof row>): string {
  const error = metrics["test:mae"]?.toFixed(2) ?? "?";
  const when = trainedAt.slice(0, 16).replace("T", " ");
  return `${(served ? "*" : "").padEnd(7)} ${release}  ${when}  ${error.padEnd(7)} ${commit?.slice(0, 10) ?? ""}`;
}
