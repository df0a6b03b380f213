import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { readEnvironment, rules } from "../shared/environment";
import { createLog, errorFields } from "../shared/log";
import { recordSchema, targetOf } from "../shared/schema";
import { Bucket } from "./bucket";
import { type Look, look } from "./look";
import { metricData, namespace } from "./metrics";

/** On a schedule, and when `slipway monitor` asks: what was captured against what the model was made from -> metrics. */

const env = readEnvironment({
  STACK: rules.stack,
  DATA_BUCKET: { pattern: /^[a-z0-9.-]{3,63}$/, expected: "the name of the data bucket" },
  RELEASE_ID: { pattern: /^[\w.-]*$/, expected: "the id of the served release, or nothing" },
  CAPTURED_PREFIX: {
    pattern: /^(captured\/\S+\/)?$/,
    expected: "where its requests are captured, or nothing",
  },
  CAPTURE_DAYS: { pattern: /^\d+$/, expected: "the days for which captured requests are kept" },
});

const bucket = new Bucket(env.DATA_BUCKET);
const cloudWatch = new CloudWatchClient({ maxAttempts: 5 });
const log = createLog({ stack: env.STACK, function: "monitor" });

const ports = {
  release: env.RELEASE_ID,
  target: targetOf(recordSchema).name,
  captureDays: Number(env.CAPTURE_DAYS),
  baseline: () => bucket.baseline(env.RELEASE_ID),
  captured: (since: Date) => bucket.captured(env.CAPTURED_PREFIX, since),
  labels: (since: Date) => bucket.labels(since),
  now: () => new Date(),
};

/** @returns null when no release is served. */
export async function handler(): Promise<Look | null> {
  if (env.RELEASE_ID === "") return null;
  try {
    const found = await look(ports);
    const MetricData = metricData(env.STACK, found, ports.now());
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: namespace, MetricData }));
    const { release, captured, requests, unreadable, columns, prediction, quality } = found;
    const [worst] = columns;
    log.info("looked", {
      ...{
        release,
        captured,
        requests,
        unreadable,
        labels: quality.joined,
        unreadableLabels: quality.unreadable,
      },
      ...(worst ? { column: worst.column, drift: worst.index } : {}),
      ...(prediction === null ? {} : { predictionDrift: prediction }),
      ...(quality.error === null ? {} : { modelError: quality.error }),
    });
    return found;
  } catch (error) {
    log.error("the captured requests could not be compared; the next look does it again", errorFields(error));
    throw error;
  }
}
