import { type Context } from "aws-lambda";
import * as v from "valibot";
import { readEnvironment, rules } from "../environment";
import { createLog, errorFields, type Log } from "../log";
import { type IngestResult } from "./landing";
import { S3Store } from "./s3-store";
import { type Store } from "./store";

/** What every ingest Lambda gets; `settings` are those of its kind. */
export interface Ingest<Settings> {
  source: string;
  /** Of the data bucket. */
  bucket: string;
  settings: Settings;
  store: Store;
  log: Log;
  /** Milliseconds until Lambda ends this run. */
  remaining: () => number;
}

/**
 * The handler of an ingest Lambda, with the environment that components/sources/data-source.ts gives it: `run` does one
 * run for `event`, which is `{"action": "run"}` unless the kind has others, and its result is logged and answered.
 */
export function ingestHandler<Schema extends v.GenericSchema>(
  schema: Schema,
  run: (ingest: Ingest<v.InferOutput<Schema>>, event: unknown) => Promise<IngestResult>,
): (event: unknown, context: Pick<Context, "getRemainingTimeInMillis">) => Promise<IngestResult> {
  const env = readEnvironment({
    STACK: rules.stack,
    RESULTS_QUEUE_URL: rules.url,
    SOURCE: { pattern: /^[a-z][a-z0-9-]{0,31}$/, expected: "the name of the source" },
    DATA_BUCKET: { pattern: /^[a-z0-9.-]{3,63}$/, expected: "the name of the data bucket" },
    SETTINGS: { pattern: /^\{.*\}$/s, expected: "the settings of the source as JSON" },
  });
  const { STACK: stack, SOURCE: source, DATA_BUCKET: bucket } = env;
  const settings = v.parse(v.pipe(v.string(), v.parseJson(), schema), env.SETTINGS);
  const store = new S3Store({ stack, bucket, queueUrl: env.RESULTS_QUEUE_URL });
  const log = createLog({ stack, source, function: "ingest" });
  return async (event, context) => {
    const remaining = () => context.getRemainingTimeInMillis();
    try {
      const result = await run({ source, bucket, settings, store, log, remaining }, event);
      tell(log, result);
      return result;
    } catch (error) {
      log.error("the run failed; the next one begins where it ended", errorFields(error));
      throw error;
    }
  };
}

function tell(log: Log, { landed, setAside, waiting }: IngestResult): void {
  for (const { object, rows, bytes } of landed) log.info("landed", { object, rows, bytes });
  for (const { object, reason } of setAside) log.warn("set aside", { object, reason });
  const rows = landed.reduce((sum, one) => sum + one.rows, 0);
  log.info("run ended", { landed: landed.length, rows, setAside: setAside.length, waiting });
}
