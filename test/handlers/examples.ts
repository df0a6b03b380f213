import { type APIGatewayProxyEvent, type SQSRecord } from "aws-lambda";
import { type EventOf, type SlipwayEvent } from "../../handlers/shared/events";
import { createLog, type Log } from "../../handlers/shared/log";

/** A record that can be predicted. */
export const trip = {
  pickup: "2019-03-23 20:21:09",
  passengers: 1,
  distance: 1.6,
  color: "yellow",
  pickup_zone: "Lenox Hill West",
  dropoff_borough: null,
};

export const requestId = "5f0e1c2a-0000-4000-8000-000000000001";

/** POST /predict with `body`, as API Gateway hands it to a Lambda. */
export const apiEvent = (body: string | null, isBase64Encoded = false) =>
  ({
    httpMethod: "POST",
    path: "/predict",
    resource: "/predict",
    headers: { "content-type": "application/json", "x-api-key": "secret-key" },
    body,
    isBase64Encoded,
    requestContext: { requestId, identity: { sourceIp: "203.0.113.7" } },
  }) as unknown as APIGatewayProxyEvent;

/** A log, and its records so far. */
export function recordingLog(): { log: Log; records: Record<string, unknown>[]; text: () => string } {
  const records: Record<string, unknown>[] = [];
  const log = createLog({}, (line) => records.push(JSON.parse(line) as Record<string, unknown>));
  return { log, records, text: () => JSON.stringify(records) };
}

const common = { stack: "dev", severity: "info", time: "2026-11-24T08:00:01.000Z" } as const;

export const results = (id: string, values: number[], release = "r-1"): EventOf<"prediction.results"> => ({
  ...common,
  kind: "prediction.results",
  id: `${id}/0`,
  detail: {
    release,
    target: "fare",
    unit: "USD",
    count: values.length,
    requests: [
      {
        requestId: id,
        offset: 0,
        time: common.time,
        predictions: values.map((value) => ({ input: trip, value, lower: value - 1, upper: value + 1 })),
      },
    ],
  },
});

const kinds = ["setosa", "versicolor", "virginica"];

/** The same for classes, each named with a probability of 0.98. */
export const classResults = (id: string, values: string[]): EventOf<"prediction.results"> => {
  const event = results(id, []);
  const predictions = values.map((value) => ({
    input: { petal_width: 0.2 },
    value,
    probabilities: Object.fromEntries(kinds.map((kind) => [kind, kind === value ? 0.98 : 0.01])),
  }));
  const requests = [{ ...event.detail.requests[0]!, predictions }];
  return { ...event, detail: { ...event.detail, target: "kind", unit: "", count: values.length, requests } };
};

export const deployed: EventOf<"release.deployed"> = {
  ...common,
  kind: "release.deployed",
  id: "d-1",
  detail: {
    release: "r-1",
    endpoint: "slipway-dev",
    url: "https://abc.execute-api.us-east-1.amazonaws.com/v1/predict",
    metrics: {
      "test:mae": 1.4012,
      "test:mae_median_baseline": 6.49,
      "test:mae_distance_baseline": 1.86,
      "test:rows": 1286,
    },
    unit: "USD",
    target: "fare",
    snapshot: { rows: 6433, objects: 1 },
    seconds: 200.4,
  },
};

export const rejected: EventOf<"release.rejected"> = {
  ...common,
  severity: "warning",
  kind: "release.rejected",
  id: "j-1",
  detail: {
    release: "r-2",
    reason: "The error is 1.71 USD; the limit is 1.50 USD.",
    served: "r-1",
    report: "s3://data/releases/r-2/",
  },
};

export const pending: EventOf<"release.pending"> = {
  ...common,
  kind: "release.pending",
  id: "p-1",
  detail: {
    release: "r-2",
    reason: "Its error is 1.31 USD, that of the served release 1.40 USD.",
    served: "r-1",
    approve: "npx slipway approve main r-2",
    reject: "npx slipway reject main r-2 --reason '...'",
    report: "s3://data/releases/r-2/",
  },
};

export const rolledBack: EventOf<"release.rolledback"> = {
  ...common,
  severity: "error",
  kind: "release.rolledback",
  id: "b-1",
  detail: { release: "r-3", reason: "The canary answered 12 requests with errors.", served: null },
};

export const dataRejected: EventOf<"data.rejected"> = {
  ...common,
  severity: "error",
  kind: "data.rejected",
  id: "x-1",
  detail: { reason: "The column distance is missing.", rejected: 1200, read: 6433 },
};

export const alarm: EventOf<"alarm"> = {
  ...common,
  severity: "error",
  kind: "alarm",
  id: "a-1",
  detail: {
    what: "Latency is above 500 ms",
    reason: "p95 was 812 ms for 5 minutes.",
    link: "https://example.com/alarm",
  },
};

/** `body` as a message of the results queue, as SQS hands it to a Lambda. */
export const message = (messageId: string, body: SlipwayEvent | object | string) =>
  ({ messageId, body: typeof body === "string" ? body : JSON.stringify(body) }) as SQSRecord;
