/** A question to the logs that comes up again and again, as a query of CloudWatch Logs Insights. */
export interface SavedQuery {
  name: string;
  /** Stages of `slipway logs` whose logs have the answer; without any, those of all Lambdas. */
  stages?: (stage: string) => boolean;
  query: string;
}

const only = (wanted: string) => (stage: string) => stage === wanted;
const lines = (...steps: string[]) => steps.join("\n| ");

/** What `handlers/` logs, in the fields that handlers/shared/log.ts gives it. */
export const savedQueries = {
  slowest: {
    name: "Slowest predictions",
    stages: only("predict"),
    query: lines(
      "fields @timestamp, Latency, ModelTime, QueueTime, Instances, release, requestId",
      'filter message = "predicted"',
      "sort Latency desc",
      "limit 25",
    ),
  },
  latency: {
    name: "Latency by release",
    stages: only("predict"),
    query: lines(
      'filter message = "predicted"',
      "stats count(*) as requests, pct(Latency, 50) as p50, pct(Latency, 90) as p90, pct(Latency, 99) as p99 by release",
    ),
  },
  refused: {
    name: "What was refused, and why",
    stages: only("predict"),
    query: lines(
      'filter message = "not predicted"',
      "stats count(*) as requests by problem, status, error",
      "sort requests desc",
    ),
  },
  errors: {
    name: "Errors by kind",
    query: lines(
      'filter level = "error"',
      "stats count(*) as times by function, message, error",
      "sort times desc",
    ),
  },
  request: {
    name: "One request by its id",
    query: lines(
      "fields @timestamp, @log, level, message, @message",
      "filter @message like /PUT-THE-REQUEST-ID-HERE/",
      "sort @timestamp asc",
    ),
  },
  unpublished: {
    name: "Events that were not published",
    stages: only("publish"),
    query: lines(
      "fields @timestamp, level, message, kind, event, error, reason",
      'filter level = "error" or level = "warn"',
      "sort @timestamp desc",
    ),
  },
  rejected: {
    name: "Rows and files that were rejected",
    stages: (stage) => /^(ingest|transform):|^processing$/.test(stage),
    query: lines(
      "fields @timestamp, source, message, reason, count, object, @logStream, @message",
      'filter level = "warn" or level = "error" or @message like /rejected/',
      "sort @timestamp desc",
    ),
  },
  batches: {
    name: "Batches that were scored",
    stages: only("score"),
    query: lines(
      "fields @timestamp, batch, rows, rejected, seconds, release",
      'filter message = "the batch is completed"',
      "sort @timestamp desc",
      "limit 25",
    ),
  },
} satisfies Record<string, SavedQuery>;
