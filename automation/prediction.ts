import { withTimeLimit } from "../local/time-limit";
import { interruptSignal } from "./interrupt";

/** A predicted number with its interval, in `unit` (regression). */
export interface NumberPrediction {
  value: number;
  lower: number;
  upper: number;
  unit: string;
}

/** The most probable class, and the probability of each (classification). */
export interface ClassPrediction {
  value: string;
  probabilities: Record<string, number>;
}

/** One prediction; which of the two follows from the type of the schema's target. */
export type Prediction = NumberPrediction | ClassPrediction;

export const isClass = (prediction: Prediction): prediction is ClassPrediction =>
  typeof prediction.value === "string";

/** Whether `prediction`, as it came over the network, is one: finite numbers, or a class with its probability. */
export const isPrediction = (prediction: Prediction | undefined): prediction is Prediction =>
  prediction !== undefined &&
  (isClass(prediction)
    ? Number.isFinite(prediction.probabilities?.[prediction.value])
    : [prediction.value, prediction.lower, prediction.upper].every(Number.isFinite));

/** What the prediction API answers. */
export interface Answer {
  predictions: Prediction[];
  release: string;
  requestId: string;
}

/** An answer of the prediction API that is no prediction: an RFC 9457 problem document, or what the gateway says. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Where people try the model: the API's own page. */
export const playgroundUrl = (predictionUrl: string): string => predictionUrl.replace(/predict$/, "");

const timeoutMs = 30_000;

/**
 * A stack's URL with the key of the release engine, whose questions are tests: subscribers do not hear of them. A stack that was
 * last brought up by an earlier version has the one key.
 */
export const asReleaseEngine = (outputs: { predictionUrl: string; apiKey: string; releaseKey?: string }) => ({
  predictionUrl: outputs.predictionUrl,
  apiKey: outputs.releaseKey ?? outputs.apiKey,
});

/** Asks the public prediction URL about records. @throws Refused with the API's own words. */
export async function predict(
  { predictionUrl, apiKey }: { predictionUrl: string; apiKey: string },
  records: Record<string, unknown>[],
): Promise<Answer> {
  const request = {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": apiKey },
    body: JSON.stringify(records.length === 1 ? records[0] : { instances: records }),
  };
  const { response, text } = await withTimeLimit(timeoutMs, interruptSignal, async (signal) => {
    const response = await fetch(predictionUrl, { ...request, signal });
    return { response, text: await response.text() };
  });
  if (!response.ok) throw new Refused(response.status, problem(response.status, text));
  return JSON.parse(text) as Answer;
}

function problem(status: number, text: string): string {
  try {
    const { title, detail, message } = JSON.parse(text) as {
      title?: string;
      detail?: string;
      message?: string;
    };
    return [title, detail ?? message].filter(Boolean).join(": ") || `status ${status}`;
  } catch {
    return `status ${status}: ${text.slice(0, 200)}`;
  }
}
