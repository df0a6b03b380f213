import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { throwIfInterrupted } from "../interrupt";
import { type Answer, predict, Refused } from "../prediction";
import { exampleRecord } from "../project";
import { type Outputs } from "../stack";

const pauseMs = 1000;

/**
 * Sends a known record through the public URL and checks that the answer is a prediction of this very release.
 * @param propagationSeconds how long to try again: a new key, stage or role takes a while until all of AWS knows it.
 * @throws UserError with what came instead, and with the Lambda's own errors.
 */
export async function smokeTest(
  logs: CloudWatchLogsClient,
  outputs: Outputs,
  releaseId: string,
  propagationSeconds: number,
): Promise<Answer> {
  const began = Date.now();
  for (;;) {
    throwIfInterrupted();
    const failure = await attempt(outputs, releaseId);
    if (typeof failure !== "string") return failure;
    if (Date.now() - began > propagationSeconds * 1000 || !worthAnotherTry(failure)) {
      const errors = await recentErrors(logs, outputs.predictLogGroup, began);
      throw new UserError(
        `The smoke test of release ${releaseId} failed: ${failure}.` +
          (errors.length ? ` The predict Lambda logged: ${errors.join(" ")}` : ""),
      );
    }
    await sleep(pauseMs);
  }
}

async function attempt(outputs: Outputs, releaseId: string): Promise<Answer | string> {
  try {
    const answer = await predict(outputs, [exampleRecord()]);
    const prediction = answer.predictions[0];
    if (answer.release !== releaseId) return `the answer came from release ${answer.release}`;
    if (!prediction || ![prediction.value, prediction.lower, prediction.upper].every(Number.isFinite)) {
      return `the answer holds no number: ${JSON.stringify(answer)}`;
    }
    return answer;
  } catch (error) {
    if (error instanceof Refused)
      return `${outputs.predictionUrl} answered ${error.status}, ${error.message}`;
    return `${outputs.predictionUrl} gave no answer (${(error as Error).message})`;
  }
}

/** A 4xx other than 403 (key not known yet) and 429 will not get better. */
const worthAnotherTry = (failure: string) => !/answered 4(?!03|29)\d\d/.test(failure);

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
