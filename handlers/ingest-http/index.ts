import { alone } from "../shared/landing/alone";
import { ingestHandler } from "../shared/landing/entry";
import { ingest, settingsSchema } from "./ingest";

/** A document at a URL -> data bucket, when it has changed. */

/** Left for telling what went wrong, before Lambda ends the run. */
const spareMilliseconds = 20_000;

export const handler = ingestHandler(settingsSchema, (given) => {
  const { source, settings, store, log, remaining } = given;
  const patience = {
    idleMilliseconds: 30_000,
    retries: 4,
    pauseMilliseconds: 1_000,
    deadline: AbortSignal.timeout(Math.max(1, remaining() - spareMilliseconds)),
  };
  return alone(given, () => ingest({ source, settings, store, log, patience }));
});
