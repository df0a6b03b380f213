import { type Output } from "../output";
import { createClients } from "../release/clients";
import { type ListedRelease, listReleases } from "../release/list";
import { errorText } from "../release/metrics";
import { requireOutputs } from "../outputs";
import { openTarget } from "../target";

/** `slipway releases` */
export async function releases(name: string, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  const found = (await listReleases(createClients(target, outputs.region), outputs)).map(row);
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

function row({ record, state, deployments }: ListedRelease) {
  const { id, createdAt, commit, metrics, ingredients, modelDataUrl, modelPackageArn } = record;
  const { gate, rejection } = record;
  return {
    release: id,
    served: state === "served",
    state,
    reason: rejection?.reason ?? gate?.reason ?? null,
    report: gate?.report ?? null,
    trainedAt: createdAt,
    commit: commit ?? null,
    metrics,
    snapshot: ingredients.snapshot,
    image: ingredients.imageUri,
    artifact: modelDataUrl,
    modelPackage: modelPackageArn,
    deployments,
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
