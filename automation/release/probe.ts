import { setTimeout as sleep } from "node:timers/promises";
import { asReleaseEngine, predict } from "../prediction";
import { type ReleaseContext } from "./context";
import { knownRecords } from "./holdout";
import { firstDifference, type KnownRecord } from "./smoke-test";
import { reportUnexpectedAnswers } from "./unexpected-answers";

const everyMs = 1000;
const knownCount = 50;

/**
 * Asks the public URL held-out records for as long as `work`, which deploys the release, lasts. Whether the release's
 * answers are the known ones goes to CloudWatch, where one that is not rings an alarm, so that SageMaker ends the
 * deployment; and a stack that nobody asks just now has requests all the same for its other alarms to judge.
 */
export async function whileProbing<T>(
  context: ReleaseContext,
  releaseId: string,
  work: () => Promise<T>,
): Promise<T> {
  const { clients, outputs } = context;
  const known = outputs.alarmNames.length
    ? await knownRecords(clients.s3, outputs.dataBucket, releaseId, knownCount)
    : []; // without alarms there is nobody to tell
  if (known.length === 0) return work();
  const done = new AbortController();
  const probing = probe(context, releaseId, known, done.signal);
  try {
    return await work();
  } finally {
    done.abort();
    await probing;
  }
}

async function probe(
  { clients, outputs }: ReleaseContext,
  releaseId: string,
  known: KnownRecord[],
  done: AbortSignal,
): Promise<void> {
  for (let turn = 0; !done.aborted; turn++) {
    const asked = known[turn % known.length] as KnownRecord;
    // A refusal is not this metric's business: the endpoint's own metrics count it.
    const answer = await predict(asReleaseEngine(outputs), [asked.record]).catch(() => undefined);
    if (answer?.release === releaseId) {
      const unexpected = firstDifference([asked], answer) === undefined ? 0 : 1;
      await reportUnexpectedAnswers(clients.cloudwatch, outputs.endpointName, releaseId, unexpected).catch(
        () => undefined, // the next one will come through, and the smoke test asks again
      );
    }
    await sleep(everyMs, undefined, { signal: done }).catch(() => undefined);
  }
}
