import * as v from "valibot";

/**
 * The events of the results queue (one as JSON in each SQS message) and of the topic behind it.
 * Senders may put more into `detail` than is named here: it reaches the services that subscribe.
 */

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const time = v.pipe(v.string(), v.isoTimestamp());
const text = v.pipe(v.string(), v.nonEmpty());
/** Where the gate's report is: `s3://...`. */
const report = v.optional(text);
const link = v.optional(v.pipe(v.string(), v.url()));

/** A predicted number with its interval, in the target's unit (regression). */
const numberEntries = { value: v.number(), lower: v.number(), upper: v.number() };

/** The most probable class, and the probability of each (classification). */
const classEntries = { value: text, probabilities: v.record(v.string(), v.number()) };

/** One prediction as the model answers it. */
export const answeredSchema = v.union([v.object(numberEntries), v.object(classEntries)]);

const input = v.record(v.string(), v.unknown());

/** One prediction, with the record that it was asked for. */
export const predictionSchema = v.union([
  v.looseObject({ input, ...numberEntries }),
  v.looseObject({ input, ...classEntries }),
]);

/** Predictions of one API request, or a part of them; (`requestId`, `offset`) is unique. */
export const requestResultsSchema = v.looseObject({
  requestId: text,
  /** Position of the first of `predictions` in the request. */
  offset: count,
  time,
  predictions: v.pipe(v.array(predictionSchema), v.minLength(1)),
});

export const severities = ["info", "warning", "error"] as const;

const event = <const Kind extends string, Detail extends v.ObjectEntries>(kind: Kind, detail: Detail) =>
  v.looseObject({
    kind: v.literal(kind),
    stack: text,
    severity: v.picklist(severities),
    time,
    id: text,
    detail: v.looseObject(detail),
  });

export const eventSchema = v.variant("kind", [
  event("prediction.results", {
    release: text,
    target: text,
    unit: v.string(),
    /** Predictions in all `requests` together. */
    count,
    requests: v.pipe(v.array(requestResultsSchema), v.minLength(1)),
    link,
  }),
  event("release.deployed", {
    release: text,
    endpoint: text,
    /** Where predictions are asked for. */
    url: v.pipe(v.string(), v.url()),
    /** By name, such as `test:mae`, in `unit`; `test:rows` is a count. Null is what JSON makes of NaN. */
    metrics: v.record(v.string(), v.nullable(v.number())),
    unit: v.string(),
    target: text,
    snapshot: v.looseObject({ rows: count, objects: count }),
    seconds: v.pipe(v.number(), v.minValue(0)),
    link,
  }),
  /** `served` is the release that stays or is again in service, if there is one. */
  event("release.rejected", { release: text, reason: text, served: v.nullish(v.string()), report, link }),
  /** The gate accepts it; it waits for a person, who runs one of two commands. */
  event("release.pending", {
    release: text,
    reason: text,
    served: v.nullish(v.string()),
    approve: text,
    reject: text,
    report,
    link,
  }),
  event("release.rolledback", { release: text, reason: text, served: v.nullish(v.string()), link }),
  /** Of `read` rows `rejected` cannot be used; from a source: a whole input, `origin`, was set aside as `object`. */
  event("data.rejected", {
    reason: text,
    rejected: count,
    read: count,
    source: v.optional(text),
    origin: v.optional(text),
    object: v.optional(text),
    /** Where in the input, from 1. */
    row: v.optional(count),
    link,
  }),
  /** Of a batch's `rows`, `rejected` could not be predicted. */
  event("batch.completed", {
    batch: text,
    release: text,
    target: text,
    unit: v.string(),
    rows: count,
    rejected: count,
    /** From the end of the upload. */
    seconds: v.pipe(v.number(), v.minValue(0)),
    /** What the predictions say together. */
    summary: v.optional(
      v.union([
        v.object({ lowest: v.number(), highest: v.number(), mean: v.number() }),
        v.object({ classes: v.record(v.string(), count) }),
      ]),
    ),
    link,
  }),
  event("batch.failed", { batch: text, reason: text, link }),
  event("alarm", { what: text, reason: text, link }),
]);

export type SlipwayEvent = v.InferOutput<typeof eventSchema>;
export type EventKind = SlipwayEvent["kind"];
export type EventOf<Kind extends EventKind> = Extract<SlipwayEvent, { kind: Kind }>;
export type RequestResults = v.InferOutput<typeof requestResultsSchema>;
export type Prediction = v.InferOutput<typeof predictionSchema>;

/**
 * `value` as an event.
 * @throws Error that says which part is not as it should be.
 */
export function parseEvent(value: unknown): SlipwayEvent {
  const result = v.safeParse(eventSchema, value);
  if (result.success) return result.output;
  const faults = result.issues.map((issue) => `${v.getDotPath(issue) ?? "the event"}: ${issue.message}`);
  throw new Error(faults.join("; "));
}
