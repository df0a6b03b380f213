import { type Progress } from "../../output";
import { type ReleaseContext } from "../context";
import { evaluate } from "../evaluation";
import { readAnswers } from "../holdout";
import { JobFailed } from "../jobs";
import { type ReleaseRecord } from "../record";
import { type Problem } from "./problem";
import { type Prediction, readPredictions, UnusableAnswers } from "./rows";

/** What a model made of the held-out rows; `fault` says what is wrong with its answers, or why there are none. */
export interface Outcome {
  predictions: (Prediction | undefined)[];
  fault?: string;
}

/** SageMaker's words when a job failed for reasons that say nothing about the model. */
const notTheModels = /^(InternalServerError|CapacityError)|not authorized|access ?denied|throttl/i;

/**
 * Has `model` answer the held-out rows of `challenger`.
 * @throws UserError when the job failed for a reason that is not the model's, or was stopped.
 */
export async function outcomeOf(
  context: ReleaseContext,
  challenger: ReleaseRecord,
  model: ReleaseRecord,
  problem: Problem,
  rows: number,
  progress: Progress,
): Promise<Outcome> {
  const { clients, outputs } = context;
  try {
    await evaluate(context, challenger, model, progress);
    const answers = await readAnswers(clients.s3, outputs.dataBucket, challenger.id, model.id);
    return readPredictions(problem, rows, answers);
  } catch (error) {
    if (error instanceof UnusableAnswers) return { predictions: [], fault: error.message };
    if (error instanceof JobFailed && error.status === "Failed" && !notTheModels.test(error.reason)) {
      return { predictions: [], fault: `its container does not serve the held-out rows (${error.reason})` };
    }
    throw error;
  }
}
