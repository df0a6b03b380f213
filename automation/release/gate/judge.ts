import { counted, whole } from "../../../handlers/publish/figures";
import { readSchema } from "../../project";
import { type ReleaseContext } from "../context";
import { type HeldOut, readHoldout } from "../holdout";
import { type Gate, readRecord, readReleaseSchema, type ReleaseRecord } from "../record";
import { type Check, check, comparableShare } from "./decide";
import { type Outcome, outcomeOf } from "./outcome";
import { type Problem, problemOf } from "./problem";
import { type Champion, writeReport } from "./report/write";
import { judgedRows, type Prediction } from "./rows";

/**
 * Has the challenger and the release that is served answer the same held-out rows, side by side, compares them and
 * writes the report. Nothing that is served changes.
 * @throws UserError when an evaluation failed for a reason that says nothing about the challenger.
 */
export async function judge(
  context: ReleaseContext,
  challenger: ReleaseRecord,
  championId: string | undefined,
): Promise<Gate> {
  const { clients, outputs, output } = context;
  const problem = problemOf(readSchema(outputs.problem));
  const champion = championId ? await findChampion(context, championId, problem) : undefined;
  const heldOut = await readHoldout(clients.s3, outputs.dataBucket, challenger.id);
  const opponent = champion?.note ? undefined : champion?.record;
  const title = opponent
    ? `Evaluation: this release and the served ${opponent.id} on the same held-out rows`
    : "Evaluation: this release on the held-out rows";
  const [outcome, before] = await output.step(title, async (progress) => {
    const ask = (model: ReleaseRecord) =>
      outcomeOf(context, challenger, model, problem, heldOut.length, progress);
    const asked = await Promise.allSettled([ask(challenger), ...(opponent ? [ask(opponent)] : [])]);
    progress.result(counted(heldOut.length, "row"));
    return asked.map(valueOf);
  });
  return output.step("Gate", async (progress) => {
    const gate = await decide(context, challenger, problem, heldOut, outcome!, withOutcome(champion, before));
    const failed = gate.checks.filter(({ passed }) => !passed);
    const found =
      failed.length === 0 ? `all ${counted(gate.checks.length, "check")} passed` : `${failed.length} failed`;
    progress.result(`${gate.decision}, ${found}`);
    return gate;
  });
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}

/** The release that is served, with a note when its answers cannot be compared with the challenger's. */
async function findChampion(
  { clients, outputs }: ReleaseContext,
  id: string,
  { kind, target, unit }: Problem,
): Promise<Champion> {
  const record = await readRecord(clients.s3, outputs.dataBucket, id);
  if (!record) return { id, note: "its record is not in the data bucket any more" };
  const schema = await readReleaseSchema(clients.s3, outputs.dataBucket, id);
  const served = schema ? problemOf(schema) : undefined;
  const same = !served || (served.kind === kind && served.target === target && served.unit === unit);
  return same
    ? { id, record }
    : { id, record, note: `it predicts ${served.target} (${served.unit || served.kind})` };
}

/** The champion with its predictions, or with a note why they do not count. */
function withOutcome(champion: Champion | undefined, outcome: Outcome | undefined): Champion | undefined {
  if (!champion || !outcome) return champion;
  const answered = outcome.predictions.filter((prediction) => prediction).length;
  const few = answered < comparableShare * Math.max(1, outcome.predictions.length);
  const note = few ? (outcome.fault ?? "it gave no predictions") : undefined;
  return { ...champion, note, predictions: few ? [] : outcome.predictions };
}

/** The checks, the decision that follows, and the report about both. */
async function decide(
  context: ReleaseContext,
  challenger: ReleaseRecord,
  problem: Problem,
  heldOut: HeldOut[],
  outcome: Outcome,
  champion: Champion | undefined,
): Promise<Gate> {
  const settings = context.outputs.gate;
  const predictions = outcome.predictions.filter((prediction): prediction is Prediction => !!prediction);
  const serves = servesCheck(heldOut.length, predictions.length, outcome.fault);
  const rows = serves.passed ? judgedRows(problem, heldOut, predictions, champion?.predictions) : [];
  const checks = serves.passed ? [serves, ...check(rows, problem, settings)] : [serves];
  const failed = checks.filter(({ passed }) => !passed);
  const judged = {
    decision: failed.length === 0 ? ("accepted" as const) : ("rejected" as const),
    reason: (failed.length > 0 ? failed : checks.slice(0, 3)).map(({ explanation }) => explanation).join(" "),
    champion: champion?.id,
    ...{ checks, settings, at: new Date().toISOString() },
  };
  return {
    ...judged,
    report: await writeReport(context, { challenger, champion, problem, rows, gate: judged }),
  };
}

function servesCheck(limit: number, measured: number, fault?: string): Check {
  const passed = measured === limit;
  const explanation = passed
    ? `Its container answers all ${whole(limit)} held-out rows.`
    : `It gives a prediction for ${whole(measured)} of ${whole(limit)} held-out rows: ${fault ?? "no reason given"}.`;
  return { name: "answers the held-out rows", limit, measured, passed, explanation };
}
