import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { type AddressInfo } from "node:net";
import { type KnownRecord, recentErrors, smokeTest } from "../../automation/release/smoke-test";
import { type Outputs } from "../../automation/outputs";

const logs = mockClient(CloudWatchLogsClient);
const client = new CloudWatchLogsClient({ region: "us-east-1" });

describe("smokeTest", () => {
  let answers: { status: number; body: unknown }[] = [];
  const app = new Hono().post("/predict", (c) => {
    const { status, body } = answers.length > 1 ? answers.shift()! : answers[0]!;
    return c.json(body as object, status as 200);
  });
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  const outputs = () =>
    ({
      predictionUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`,
      apiKey: "key",
      predictLogGroup: "/aws/lambda/slipway-dev-predict",
    }) as Outputs;
  const prediction = { value: 7.1, lower: 5.9, upper: 8.8, unit: "USD" };
  const good = { status: 200, body: { predictions: [prediction], release: "abc", requestId: "1" } };
  const failure = (known: KnownRecord[] = []) =>
    smokeTest(client, outputs(), "abc", known, 5).then(
      () => "it passed",
      (error: Error) => error.message,
    );

  beforeEach(() => {
    logs.reset();
    logs.on(FilterLogEventsCommand).resolves({ events: [] });
  });
  after(() => server.close());

  it("passes when the answer is a prediction of the release", async () => {
    answers = [good];
    expect((await smokeTest(client, outputs(), "abc", [], 5)).predictions).to.deep.equal([prediction]);
  });

  it("waits for a key that API Gateway does not know yet", async () => {
    answers = [{ status: 403, body: { message: "Forbidden" } }, good];
    expect((await smokeTest(client, outputs(), "abc", [], 5)).release).to.equal("abc");
  });

  it("fails at once on a refusal, with the API's words and the Lambda's", async () => {
    answers = [{ status: 400, body: { title: "Bad Request", detail: "distance is required" } }];
    const record = {
      level: "error",
      message: "the endpoint refused",
      reason: "sagemaker:InvokeEndpoint is not allowed",
    };
    logs.on(FilterLogEventsCommand).resolves({
      events: [{ message: JSON.stringify(record) }, { message: "START RequestId" }],
    });
    expect(await failure())
      .to.include("answered 400, Bad Request: distance is required")
      .and.to.include(
        "The predict Lambda logged: the endpoint refused: sagemaker:InvokeEndpoint is not allowed",
      );
  });

  describe("with records whose answers are known", () => {
    const known = [1, 2].map((distance) => ({
      record: { distance },
      prediction: { value: 2.5 * distance, lower: 2 * distance, upper: 3 * distance },
    }));
    const answerWith = (...predictions: object[]) => ({ ...good, body: { ...good.body, predictions } });

    it("passes when the answers are the known ones, up to rounding", async () => {
      answers = [
        answerWith(
          { value: 2.5000000001, lower: 2, upper: 3, unit: "USD" },
          { value: 5, lower: 4, upper: 6, unit: "USD" },
        ),
      ];
      expect(await failure(known)).to.equal("it passed");
    });

    it("fails on a healthy model that answers something else, with record and both answers", async () => {
      answers = [answerWith({ value: 2.5, lower: 2, upper: 3 }, { value: 5.1, lower: 4, upper: 6 })];
      expect(await failure(known))
        .to.include('it answers {"value":5.1,"lower":4,"upper":6} to {"distance":2}')
        .and.to.include('it answered {"value":5,"lower":4,"upper":6}');
    });

    it("fails when answers are missing", async () => {
      answers = [answerWith({ value: 2.5, lower: 2, upper: 3 })];
      expect(await failure(known)).to.include('to {"distance":2}');
    });
  });

  it("reads errors out of a log once each, and none when the log cannot be read", async () => {
    const line = (level: string, message: string) => ({ message: JSON.stringify({ level, message }) });
    logs.on(FilterLogEventsCommand).resolves({
      events: [line("error", "a"), line("info", "b"), line("error", "a"), { message: "no json" }],
    });
    expect(await recentErrors(client, "group", 0)).to.deep.equal(["a"]);
    logs.on(FilterLogEventsCommand).rejects(new Error("no access"));
    expect(await recentErrors(client, "group", 0)).to.deep.equal([]);
  });
});
