import { UserError } from "../errors";
import { getJson } from "../objects";
import { type Output } from "../output";
import { requireOutputs } from "../outputs";
import { createClients } from "../release/clients";
import { reportPage } from "../release/gate/report/place";
import { type Report } from "../release/gate/report/report";
import { terminalText } from "../release/gate/report/text";
import { type ListedRelease, listReleases } from "../release/list";
import { errorText } from "../release/metrics";
import { releasePrefix } from "../release/record";
import { openTarget } from "../target";
import { answerColumns } from "../terminal";

/** `slipway releases` @param id of one release, which is then shown with what the gate found. */
export async function releases(name: string, id: string | undefined, output: Output): Promise<void> {
  const target = await openTarget(name, output);
  const outputs = await requireOutputs(name, target, output);
  const clients = createClients(target, outputs.region);
  const known = await listReleases(clients, outputs);
  if (id === undefined) return output.answer(known.map(row), list(name, known.map(row), outputs.problem));
  const one = known.find(({ record }) => record.id === id);
  if (!one) {
    throw new UserError(`The stack '${name}' has no release '${id}'. See 'npx slipway releases ${name}'.`);
  }
  const report = await getJson<Report>(clients.s3, outputs.dataBucket, `${releasePrefix(id)}report.json`);
  output.answer(
    { ...row(one), found: report ?? null },
    [
      head,
      describe(row(one), outputs.problem),
      "",
      report ? terminalText(report, answerColumns()) : "The gate has not judged it.",
      ...(report ? ["", `Report: ${reportPage(name, one.record)}`] : []),
    ].join("\n"),
  );
}

const head = "state       release       trained           error     commit";

const list = (stack: string, found: Row[], problem: string) =>
  found.length
    ? [head, ...found.map((each) => describe(each, problem))].join("\n")
    : `The stack ${stack} has no release yet. Make one with 'npx slipway release ${stack}'.`;

type Row = ReturnType<typeof row>;

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

function describe({ release, state, trainedAt, metrics, commit }: Row, problem: string): string {
  const error = errorText(metrics, problem);
  const when = trainedAt.slice(0, 16).replace("T", " ");
  return `${state.padEnd(11)} ${release}  ${when}  ${error.padEnd(9)} ${commit?.slice(0, 10) ?? ""}`;
}
