import { expect } from "chai";
import { AwsError } from "../../../handlers/shared/aws";
import { type EventOf, parseEvent } from "../../../handlers/shared/events";
import { recordSchema, targetOf } from "../../../handlers/shared/schema";
import { predict, type Ports } from "../../../handlers/predict/predict";
import { RequestReader } from "../../../handlers/predict/request";
import { validate } from "../../../handlers/predict/validate";
import { apiEvent, recordingLog, requestId, trip } from "../examples";

const predictions = [
  { value: 7.12, lower: 5.9, upper: 8.8 },
  { value: 9.5, lower: 8, upper: 11 },
];

/** The table, which nobody may need. */
const noClaims = {
  claim: () => Promise.reject(new Error("a request without a key asks the table")),
  keep: () => Promise.reject(new Error("a request without a key asks the table")),
  release: () => Promise.reject(new Error("a request without a key asks the table")),
};

/** A model that answers with one prediction a record, and everything that the handler does with it. */
function world(overrides: Partial<Ports> = {}) {
  const asked: string[] = [];
  const announced: EventOf<"prediction.results">[] = [];
  const { log, records, text } = recordingLog();
  const ports: Ports = {
    stack: "dev",
    target: targetOf(recordSchema),
    announcing: {},
    reader: new RequestReader(recordSchema, validate),
    allowedOrigins: "",
    releaseKeyId: "release-key",
    claims: noClaims,
    log,
    now: () => new Date("2026-11-24T08:00:00Z"),
    invoke: (body) => {
      asked.push(body);
      const { instances } = JSON.parse(body) as { instances: unknown[] };
      const answer = { predictions: instances.map((_, index) => predictions[index % 2]) };
      return Promise.resolve({ body: JSON.stringify(answer), customAttributes: "release=r-42" });
    },
    announce: (event) => {
      announced.push(event);
      return Promise.resolve();
    },
    ...overrides,
  };
  const post = async (body: unknown) => {
    const { statusCode, headers, body: text } = await predict(apiEvent(JSON.stringify(body)), ports);
    return { status: statusCode, headers, body: JSON.parse(text) as Record<string, unknown> };
  };
  return { ports, post, asked, announced, records, text };
}

const failing = (error: Error) => ({ invoke: () => Promise.reject(error) });
const named = (name: string, message: string) => Object.assign(new Error(message), { name });
const modelError = (OriginalStatusCode: number, OriginalMessage: string) =>
  new AwsError(
    "ModelError",
    `Received client error (${OriginalStatusCode}) from primary with message "${OriginalMessage}".`,
    424,
    {
      OriginalStatusCode,
      OriginalMessage,
      LogStreamArn: "arn:aws:logs:us-east-1:000000000000:log-group:/aws/sagemaker/Endpoints/slipway-dev",
    },
  );

describe("handlers/predict", () => {
  it("answers with the class and the probabilities of a classification, and announces them", async () => {
    const prediction = { value: "setosa", probabilities: { setosa: 0.98, virginica: 0.02 } };
    const invoke = () => Promise.resolve({ body: JSON.stringify({ predictions: [prediction] }) });
    const { post, announced } = world({ invoke, target: { name: "kind", unit: "" } });
    const { status, body } = await post(trip);
    expect(status).to.equal(200);
    expect(body.predictions).to.deep.equal([prediction]);
    const [event] = announced;
    expect(parseEvent(event)).to.deep.equal(event);
    expect(event?.detail.requests[0]?.predictions).to.deep.equal([{ input: trip, ...prediction }]);
  });

  it("answers with prediction, interval, unit, release and request id", async () => {
    const { post } = world();
    const { status, headers, body } = await post(trip);
    expect(status).to.equal(200);
    expect(headers).to.deep.equal({ "content-type": "application/json", "x-request-id": requestId });
    expect(body).to.deep.equal({
      predictions: [{ ...predictions[0], unit: "USD" }],
      release: "r-42",
      requestId,
    });
  });

  it("asks the model in its own format, records in order", async () => {
    const { post, asked } = world();
    const other = { ...trip, distance: 3 };
    const { body } = await post({ instances: [trip, other] });
    expect(asked.map((text) => JSON.parse(text) as unknown)).to.deep.equal([{ instances: [trip, other] }]);
    expect(body.predictions).to.deep.equal(predictions.map((prediction) => ({ ...prediction, unit: "USD" })));
  });

  it("reads a body that API Gateway has encoded", async () => {
    const { ports } = world();
    const event = apiEvent(Buffer.from(JSON.stringify(trip)).toString("base64"), true);
    expect(await predict(event, ports)).to.have.property("statusCode", 200);
  });

  it("tells the subscribers the results with their inputs", async () => {
    const { post, announced } = world();
    await post({ instances: [trip, trip] });
    expect(announced).to.have.length(1);
    expect(parseEvent(announced[0])).to.deep.equal({
      kind: "prediction.results",
      stack: "dev",
      severity: "info",
      time: "2026-11-24T08:00:00.000Z",
      id: `${requestId}/0`,
      detail: {
        release: "r-42",
        target: "fare",
        unit: "USD",
        count: 2,
        requests: [
          {
            requestId,
            offset: 0,
            time: "2026-11-24T08:00:00.000Z",
            predictions: predictions.map((prediction) => ({ input: trip, ...prediction })),
          },
        ],
      },
    });
  });

  it("cuts many results into events that fit into a message and lose nothing", async () => {
    const { post, announced } = world();
    const instances = Array.from({ length: 1000 }, (_, index) => ({ ...trip, distance: index / 10 }));
    await post({ instances });
    expect(announced.length).to.be.above(1);
    for (const event of announced) expect(JSON.stringify(event).length).to.be.below(128 * 1024);
    const parts = announced.flatMap(({ detail }) => detail.requests);
    expect(parts.flatMap((part) => part.predictions.map(({ input }) => input))).to.deep.equal(instances);
    let offset = 0;
    for (const part of parts) {
      expect(part.offset).to.equal(offset);
      offset += part.predictions.length;
    }
  });

  it("gives the answer, and logs an error, when the results cannot be queued", async () => {
    const { post, records } = world({
      announce: () => Promise.reject(named("AccessDenied", "not authorized to perform: sqs:SendMessage")),
    });
    expect(await post(trip)).to.have.property("status", 200);
    expect(records[0]).to.include({
      level: "error",
      requestId,
      reason: "not authorized to perform: sqs:SendMessage",
    });
    expect(records[1]).to.include({ message: "predicted", queued: false });
  });

  it("says that it does not know the release rather than making one up", async () => {
    const answer = { body: JSON.stringify({ predictions: [predictions[0]] }), customAttributes: undefined };
    const { post, records } = world({ invoke: () => Promise.resolve(answer) });
    expect((await post(trip)).body).to.have.property("release", "unknown");
    expect(records[0]).to.have.property("level", "warn");
  });

  it("tells nobody of what the release engine asks", async () => {
    const { ports, announced, records } = world();
    const event = apiEvent(JSON.stringify(trip));
    for (const apiKeyId of ["release-key", "another-key"]) {
      const identity = { ...event.requestContext.identity, apiKeyId };
      await predict({ ...event, requestContext: { ...event.requestContext, identity } }, ports);
    }
    expect(announced).to.have.length(1);
    expect(records.map(({ isProbe, queued }) => [isProbe, queued])).to.deep.equal([
      [true, false],
      [false, true],
    ]);
  });

  it("marks the release engine's requests in the log, refused ones too", async () => {
    const { ports, records } = world({ invoke: () => Promise.reject(named("ModelError", "it is broken")) });
    const event = apiEvent(JSON.stringify(trip));
    for (const apiKeyId of ["release-key", "another-key"]) {
      const identity = { ...event.requestContext.identity, apiKeyId };
      await predict({ ...event, requestContext: { ...event.requestContext, identity } }, ports);
    }
    expect(records.map(({ message, isProbe }) => [message, isProbe])).to.deep.equal([
      ["not predicted", true],
      ["not predicted", false],
    ]);
  });

  it("logs metrics of each answer and each refusal in the embedded metric format", async () => {
    const { post, records } = world();
    await post({ instances: [trip, trip] });
    await post({ ...trip, distance: -1 });
    const [answered, refused] = records;
    expect(answered)
      .to.have.nested.property("_aws.CloudWatchMetrics[0].Metrics")
      .that.deep.equals([
        { Name: "Latency", Unit: "Milliseconds" },
        { Name: "ModelTime", Unit: "Milliseconds" },
        { Name: "QueueTime", Unit: "Milliseconds" },
        { Name: "Instances", Unit: "Count" },
      ]);
    expect(answered).to.include({ Instances: 2 });
    expect(answered?.Latency).to.be.at.least(answered?.ModelTime as number);
    expect(refused).to.include({ Refusals: 1, problem: "invalid-fields" });
    for (const record of records) {
      const [{ Dimensions }] = (record._aws as { CloudWatchMetrics: [{ Dimensions: string[][] }] })
        .CloudWatchMetrics;
      expect(Dimensions.flat()).to.include("stack").and.not.include("requestId");
    }
  });

  it("lets pages of the allowed origins read every answer, refusals too", async () => {
    const { ports } = world({ allowedOrigins: "https://a.example,https://b.example" });
    const from = async (origin: string, body: unknown, method = "POST") => {
      const event = apiEvent(JSON.stringify(body));
      const { statusCode, headers } = await predict(
        { ...event, httpMethod: method, headers: { ...event.headers, Origin: origin } },
        ports,
      );
      return [statusCode, headers?.["access-control-allow-origin"], headers?.vary];
    };
    expect(await from("https://b.example", trip)).to.deep.equal([200, "https://b.example", "origin"]);
    expect(await from("https://b.example", {})).to.deep.equal([400, "https://b.example", "origin"]);
    expect(await from("https://b.example", "", "OPTIONS")).to.deep.equal([
      204,
      "https://b.example",
      "origin",
    ]);
    expect(await from("https://evil.example", trip)).to.deep.equal([200, undefined, "origin"]);
    expect(await from("https://evil.example", "", "OPTIONS")).to.deep.equal([204, undefined, "origin"]);
  });

  it("neither asks the model nor tells anyone when the request is wrong", async () => {
    const { post, asked, announced } = world();
    const { status, headers, body } = await post({ ...trip, distance: -1 });
    expect(status).to.equal(400);
    expect(headers).to.deep.equal({ "content-type": "application/problem+json", "x-request-id": requestId });
    expect(body).to.deep.include({
      type: "urn:slipway:problem:invalid-fields",
      status: 400,
      requestId,
      errors: [{ instance: 0, field: "distance", value: -1, rule: "must be at least 0" }],
    });
    expect([...asked, ...announced]).to.deep.equal([]);
  });

  for (const [what, error, type, retryAfter] of [
    [
      "there is no release",
      named("ValidationError", "Endpoint slipway-dev of account 1 not found."),
      "no-release",
      "60",
    ],
    [
      "the endpoint is starting",
      named("ValidationError", "Endpoint slipway-dev is not InService."),
      "not-ready",
      "10",
    ],
    ["the model is loading", named("ModelNotReadyException", "try later"), "not-ready", "10"],
    ["the service is unavailable", named("ServiceUnavailable", "try later"), "not-ready", "10"],
    ["the endpoint throttles", named("ThrottlingException", "Rate exceeded"), "busy", "5"],
    ["the model throttles", modelError(429, ""), "busy", "5"],
    ["the model does not answer", named("TimeoutError", "15000 ms"), "timeout", "10"],
    ["nothing listens", Object.assign(new Error("connect"), { code: "ECONNREFUSED" }), "not-ready", "10"],
  ] as const) {
    it(`answers 503 with a reason and Retry-After when ${what}`, async () => {
      const { post, records } = world(failing(error));
      const { status, headers, body } = await post(trip);
      expect(status).to.equal(503);
      expect(headers).to.include({ "retry-after": retryAfter, "content-type": "application/problem+json" });
      expect(body).to.include({ type: `urn:slipway:problem:${type}`, status: 503 });
      expect(body.detail).to.be.a("string").that.matches(/again/);
      expect(records[0]).to.include({ level: "warn", status: 503 });
    });
  }

  it("answers 502 without internals when the role may not invoke, and logs AWS's message", async () => {
    const reason =
      "User: arn:aws:sts::000000000000:assumed-role/predict is not authorized to perform: sagemaker:InvokeEndpoint";
    const { post, records } = world(failing(named("AccessDeniedException", reason)));
    const { status, body } = await post(trip);
    expect(status).to.equal(502);
    expect(JSON.stringify(body)).not.to.match(/arn:|sagemaker|authorized/i);
    expect(records[0]).to.include({ level: "error", error: "AccessDeniedException", reason });
  });

  it("answers 502 when the model errs, and does not pass on or log what it said", async () => {
    const { post, records, text } = world(failing(modelError(500, "Traceback: Jane Doe, 5th Avenue")));
    const { status, body } = await post(trip);
    expect(status).to.equal(502);
    expect(JSON.stringify(body) + text()).not.to.match(/Traceback|Jane/);
    expect(records[0]).to.include({ level: "error", modelStatus: 500 }).and.to.have.property("modelLog");
  });

  for (const body of ["Internal error", '{"predictions": []}', '{"predictions": [{"value": "7"}]}', "{}"]) {
    it(`answers 502 when the model answers ${body}`, async () => {
      const { post, announced } = world({ invoke: () => Promise.resolve({ body }) });
      expect(await post(trip)).to.have.property("status", 502);
      expect(announced).to.deep.equal([]);
    });
  }

  it("passes the model's own refusal on as 400", async () => {
    const errors = [
      { instance: 0, field: "pickup", value: "2019-03-23 20:21:09", rule: "must be a year of the data" },
    ];
    const { post, records } = world(
      failing(modelError(400, JSON.stringify({ message: "1 bad value", errors }))),
    );
    const { status, body } = await post(trip);
    expect(status).to.equal(400);
    expect(body).to.deep.include({ type: "urn:slipway:problem:invalid-fields", errors });
    expect(records[0]).to.include({ level: "info", modelStatus: 400, errors: 1 });
    const unreadable = world(failing(modelError(400, "<html>")));
    expect(await unreadable.post(trip)).to.have.property("status", 400);
  });

  it("logs no personal data: no values, no address, no key", async () => {
    const secret = { ...trip, pickup_zone: "Jane Doe's house" };
    for (const overrides of [{}, failing(modelError(400, JSON.stringify(secret)))]) {
      const { post, text } = world(overrides);
      await post(secret);
      await post({ ...secret, distance: "Jane Doe" });
      expect(text())
        .to.include(requestId)
        .and.not.to.match(/Jane|203\.0\.113\.7|secret-key|Lenox/);
    }
  });

  it("answers 500 as a problem document when something unforeseen happens", async () => {
    const { post, records } = world({
      now: () => {
        throw new Error("no clock");
      },
    });
    const { status, headers, body } = await post(trip);
    expect(status).to.equal(500);
    expect(headers).to.have.property("content-type", "application/problem+json");
    expect(JSON.stringify(body)).not.to.match(/clock|at /);
    expect(records[0]).to.include({ level: "error", reason: "no clock" });
  });
});
