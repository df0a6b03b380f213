import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { type Answer, asReleaseEngine, isPrediction, predict, Refused } from "../prediction";
import { exampleRecord, readSchema } from "../project";
import { type Outputs } from "../outputs";

/** A record, and what the release's container has answered to it before. */
export interface KnownRecord {
  record: Record<string, unknown>;
  prediction: Record<string, unknown>;
}

const pauseMs = 1000;
/** Answers of the same model differ by less: another order of the same sums. */
const tolerance = 1e-6;

/**
 * Sends records through the public URL and checks that the answers are predictions of this very release, and the known
 * ones where they are known.
 * @param known none for the schema's example record, whose answer only has to be a prediction.
 * @param propagationSeconds how long to try again: a new key, stage or role takes a while until all of AWS knows it.
 * @throws UserError with what came instead, and with the Lambda's own errors.
 */
export async function smokeTest(
  logs: CloudWatchLogsClient,
  outputs: Outputs,
  releaseId: string,
  known: KnownRecord[],
  propagationSeconds: number,
): Promise<Answer> {
  const began = Date.now();
  for (;;) {
    throwIfInterrupted();
    const result = await attempt(outputs, releaseId, known);
    if ("answer" in result) return result.answer;
    if (Date.now() - began > propagationSeconds * 1000 || !result.mayPass) {
      const errors = await recentErrors(logs, outputs.predictLogGroup, began);
      throw new UserError(
        `The smoke test of release ${releaseId} failed: ${result.failure}.` +
          (errors.length ? ` The predict Lambda logged: ${errors.join(" ")}` : ""),
      );
    }
    await sleep(pauseMs);
  }
}

/** A failure that `mayPass` is worth another try. */
type Attempt = { answer: Answer } | { failure: string; mayPass: boolean };

async function attempt(outputs: Outputs, releaseId: string, known: KnownRecord[]): Promise<Attempt> {
  const records = known.length
    ? known.map(({ record }) => record)
    : [exampleRecord(readSchema(outputs.problem))];
  try {
    const answer = await predict(asReleaseEngine(outputs), records);
    if (answer.release !== releaseId) {
      return { failure: `the answer came from release ${answer.release}`, mayPass: true };
    }
    const failure = known.length ? firstDifference(known, answer) : noPrediction(answer);
    return failure === undefined ? { answer } : { failure, mayPass: false };
  } catch (error) {
    if (!(error instanceof Refused)) {
      return {
        failure: `${outputs.predictionUrl} gave no answer (${(error as Error).message})`,
        mayPass: true,
      };
    }
    const { status, message } = error;
    // A 4xx other than 403 (key not known yet) and 429 will not get better.
    const mayPass = status >= 500 || status === 403 || status === 429;
    return { failure: `${outputs.predictionUrl} answered ${status}, ${message}`, mayPass };
  }
}

function noPrediction(answer: Answer): string | undefined {
  return isPrediction(answer.predictions[0])
    ? undefined
    : `the answer holds no prediction: ${JSON.stringify(answer)}`;
}

/** The first record whose answer is not the known one, in words; undefined when there is none. */
export function firstDifference(
  known: KnownRecord[],
  { predictions }: { predictions: object[] },
): string | undefined {
  for (const [index, { record, prediction }] of known.entries()) {
    const answered = predictions[index];
    if (isSame(prediction, answered)) continue;
    return (
      `it answers ${JSON.stringify(answered)} to ${JSON.stringify(record)}, but on the held-out rows, before it was ` +
      `deployed, it answered ${JSON.stringify(prediction)}`
    );
  }
  return undefined;
}

/** Whether `actual` has all that `expected` has; numbers up to rounding. */
function isSame(expected: unknown, actual: unknown): boolean {
  if (typeof expected === "number" && typeof actual === "number") {
    return Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected));
  }
  if (typeof expected === "object" && expected !== null && typeof actual === "object" && actual !== null) {
    return Object.entries(expected).every(([name, value]) =>
      isSame(value, (actual as Record<string, unknown>)[name]),
    );
  }
  return expected === actual;
}
/** Error messages in a Lambda's log group since a time (milliseconds), newest last, each once. */
export async function recentErrors(
  logs: CloudWatchLogsClient,
  logGroupName: string,
  since: number,
): Promise<string[]> {
  try {
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName, startTime: since }));
    const errors = events.flatMap(({ message = "" }) => errorIn(message));
    return [...new Set(errors)].slice(-3);
  } catch {
    return []; // only an addition to an error that is reported anyway
  }
}

function errorIn(line: string): string[] {
  try {
    const record = JSON.parse(line.slice(line.indexOf("{"))) as {
      level?: string;
      message?: string;
      reason?: string;
    };
    if (record.level?.toLowerCase() !== "error") return [];
    return [[record.message, record.reason].filter(Boolean).join(": ")];
  } catch {
    return [];
  }
}
