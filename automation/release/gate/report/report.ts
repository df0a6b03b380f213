import { counted } from "../../../../handlers/publish/figures";
import { type Gate, type ReleaseRecord } from "../../record";
import { constantGuess, type Figures, measure, ofChallenger, ofChampion, slicesOf } from "../measure";
import { type ClassErrors, classErrors, type ErrorBin, errorBins } from "../distribution";
import { type Problem } from "../problem";
import { type JudgedRow, loss, type Prediction } from "../rows";
import { type Changes } from "../../changes";
import { type DataComparison } from "../../data";
import { type ModelCard } from "./model-card";

/** The release that is served while another is judged. */
export interface Champion {
  id: string;
  record?: ReleaseRecord;
  /** Why it is not compared with. */
  note?: string;
  predictions?: (Prediction | undefined)[];
}

/** What a report is made of. */
export interface Findings {
  challenger: ReleaseRecord;
  champion?: Champion;
  problem: Problem;
  /** None when the challenger's container did not serve them. */
  rows: JudgedRow[];
  gate: Omit<Gate, "report">;
}

/** The figures of both models on the same rows. */
interface Both {
  challenger: Figures;
  champion?: Figures;
}

/** report.json: all that the gate knows of a release. */
export interface Report {
  release: string;
  stack: string;
  decision: Gate["decision"];
  /** The decision in one sentence. */
  headline: string;
  at: string;
  problem: Problem;
  checks: Gate["checks"];
  champion?: { release: string; note?: string };
  figures?: Both;
  /** How the errors are distributed: of numbers by size, of classes by class. A report of an earlier Slipway has neither. */
  errorBins?: ErrorBin[];
  classErrors?: ClassErrors[];
  /** Error of simpler predictions on the same rows, by what they do. */
  baselines: Record<string, number>;
  slices: (Both & { field: string; value: string })[];
  card: ModelCard;
  changes?: Changes;
  data?: DataComparison;
  commit?: string;
  image: string;
  snapshot: string;
  hyperparameters: Record<string, string>;
}

export function buildReport(
  stack: string,
  { challenger, champion, problem, rows, gate }: Findings,
  card: ModelCard,
  changes: Changes | undefined,
  data?: DataComparison,
): Report {
  const { id, commit, ingredients } = challenger;
  return {
    ...{ release: id, stack, decision: gate.decision, headline: headline(id, gate), at: gate.at, problem },
    checks: gate.checks,
    ...(champion ? { champion: { release: champion.id, note: champion.note } } : {}),
    ...(rows.length > 0 ? { figures: figuresOf(problem, rows), ...distribution(problem, rows) } : {}),
    baselines: rows.length > 0 ? baselines(problem, rows, challenger) : {},
    slices: slicesOf(problem, rows).map(({ field, value, rows: found }) => ({
      ...{ field, value },
      ...figuresOf(problem, found),
    })),
    ...{ card, changes, data, commit, image: ingredients.imageUri, snapshot: ingredients.snapshot },
    hyperparameters: ingredients.hyperparameters,
  };
}

function headline(id: string, { decision, checks, champion }: Findings["gate"]): string {
  const [first, ...others] = checks.filter(({ passed }) => !passed).map(({ name }) => name);
  if (decision === "accepted") {
    return `Release ${id} is accepted: it passed ${checks.length === 1 ? "the one check" : `all ${checks.length} checks`}.`;
  }
  const more = others.length === 0 ? "" : ` and ${counted(others.length, "other check")}`;
  const stays = champion ? `; ${champion} stays in service` : "; nothing is put into service";
  return `Release ${id} is rejected: it fails '${first}'${more}${stays}.`;
}

const distribution = ({ kind }: Problem, rows: JudgedRow[]) =>
  kind === "regression" ? { errorBins: errorBins(rows) } : { classErrors: classErrors(rows) };

function figuresOf(problem: Problem, rows: JudgedRow[]): Both {
  const champion = ofChampion(rows);
  return {
    challenger: measure(problem, ofChallenger(rows)),
    ...(champion.length > 0 ? { champion: measure(problem, champion) } : {}),
  };
}

/** What the gate itself knows, and what the training job has reported as `test:<...>_baseline`. */
function baselines(problem: Problem, rows: JudgedRow[], { metrics }: ReleaseRecord): Record<string, number> {
  const guess = constantGuess(rows);
  const constant = rows.reduce((sum, { actual }) => sum + loss(actual, guess), 0) / rows.length;
  const reported = Object.entries(metrics).flatMap(([name, value]) => {
    const found =
      name === "test:error_rate_baseline"
        ? "most frequent class in training"
        : /^test:[a-z]+_(.+)_baseline$/.exec(name)?.[1];
    return found ? [[`${found.replaceAll("_", " ")} (as the training job reports it)`, value] as const] : [];
  });
  return { "best constant answer": constant, ...Object.fromEntries(reported) };
}
