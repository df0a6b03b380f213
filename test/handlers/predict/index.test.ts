import { type APIGatewayProxyResult } from "aws-lambda";
import { expect } from "chai";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type handler as Handler } from "../../../handlers/predict/index";
import { inEnvironment, loadEntry } from "../entry";
import { apiEvent, requestId, trip } from "../examples";

const settings = {
  STACK: "dev",
  ENDPOINT_NAME: "slipway-dev",
  RESULTS_QUEUE_URL: "http://127.0.0.1:1/000000000000/results",
  ANNOUNCING: "{}",
  STATE_TABLE: "state-1",
  RELEASE_KEY_ID: "k1",
  ALLOWED_ORIGINS: "",
};
const prediction = { value: 7.12, lower: 5.9, upper: 8.8 };
const bodyOf = (result: APIGatewayProxyResult) => JSON.parse(result.body) as Record<string, unknown>;

describe("handlers/predict/index", () => {
  inEnvironment();

  it("does not start without its settings and says which are missing", () => {
    expect(() => loadEntry("predict", { STACK: "dev", ENDPOINT_NAME: "under_score" })).to.throw(
      /ENDPOINT_NAME is "under_score".*RESULTS_QUEUE_URL is not set/,
    );
  });

  describe("over HTTP", () => {
    let server: Server;
    let answers: ((response: ServerResponse) => void)[];
    let paths: (string | undefined)[];
    let received: { target: string; input: Record<string, unknown>; inferenceId: unknown }[];
    let sockets: Set<Socket>;

    beforeEach((done) => {
      [answers, paths, received, sockets] = [[], [], [], new Set()];
      server = createServer((request: IncomingMessage, response) => {
        sockets.add(request.socket);
        void text(request).then((body) => {
          const target = request.headers["x-amz-target"] as string | undefined;
          if (target) paths.push(target);
          else paths.push(request.url);
          received.push({
            target: target ?? "InvokeEndpoint",
            input: JSON.parse(body) as Record<string, unknown>,
            inferenceId: request.headers["x-amzn-sagemaker-inference-id"],
          });
          expect(request.headers.authorization).to.match(/^AWS4-HMAC-SHA256 Credential=test\//);
          if (target === "AmazonSQS.SendMessage") response.end('{"MessageId": "1"}');
          else answers.shift()?.(response);
        });
      }).listen(0, "127.0.0.1", done);
    });
    afterEach((done) => {
      server.closeAllConnections();
      server.close(done);
    });

    const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const overHttp = () =>
      loadEntry<{ handler: typeof Handler }>("predict", {
        ...settings,
        RESULTS_QUEUE_URL: `${url()}/000000000000/results`,
        AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: url(),
        AWS_ENDPOINT_URL: url(),
      }).handler;
    const predicted = (response: ServerResponse) =>
      response
        .writeHead(200, {
          "x-amzn-sagemaker-custom-attributes": "release=r-42",
          "content-type": "application/json",
        })
        .end(JSON.stringify({ predictions: [prediction] }));
    const failed = (status: number, type: string, message: string) => (response: ServerResponse) =>
      response.writeHead(status, { "x-amzn-errortype": type }).end(JSON.stringify({ Message: message }));

    it("invokes the endpoint and sends the results to the queue", async () => {
      answers = [predicted];
      const result = await overHttp()(apiEvent(JSON.stringify(trip)));
      expect(bodyOf(result)).to.deep.include({ release: "r-42", requestId });
      expect(received.map(({ target }) => target)).to.deep.equal(["InvokeEndpoint", "AmazonSQS.SendMessage"]);
      expect(received[0]?.input).to.deep.equal({ instances: [trip] });
      expect(received[1]?.input.QueueUrl).to.equal(`${url()}/000000000000/results`);
      expect(JSON.parse(received[1]?.input.MessageBody as string)).to.deep.include({
        ...{ kind: "prediction.results", stack: "dev" },
      });
    });

    it("names the request to SageMaker, which captures it; the release engine's own with a mark; none that it refuses", async () => {
      const named = async (id: string, apiKeyId: string) => {
        answers.push(predicted);
        const event = apiEvent(JSON.stringify(trip));
        const { identity } = event.requestContext;
        const requestContext = {
          ...{ ...event.requestContext, requestId: id },
          identity: { ...identity, apiKeyId },
        };
        expect((await overHttp()({ ...event, requestContext })).statusCode).to.equal(200);
        return received.findLast(({ target }) => target === "InvokeEndpoint")?.inferenceId;
      };
      expect(await named(requestId, "somebody")).to.equal(requestId);
      expect(await named(requestId, settings.RELEASE_KEY_ID)).to.equal(`probe-${requestId}`);
      for (const chosen of ["a b", "x".repeat(65), "é"]) expect(await named(chosen, "k")).to.equal(undefined);
    });

    it("asks the table for an idempotency key, and sends what it has kept without asking the model", async () => {
      const kept = gzipSync('{"predictions": []}').toString("base64");
      const hash = createHash("sha256").update(JSON.stringify(trip)).digest("hex");
      answers = [
        (response) =>
          response.writeHead(400).end(
            JSON.stringify({
              __type: "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
              Item: { requestHash: { S: hash }, answer: { S: kept } },
            }),
          ),
      ];
      const event = apiEvent(JSON.stringify(trip));
      const result = await overHttp()({ ...event, headers: { ...event.headers, "Idempotency-Key": "k-1" } });
      expect(result).to.deep.include({ statusCode: 200, body: '{"predictions": []}' });
      expect(result.headers).to.include({ "idempotent-replayed": "true", "x-request-id": requestId });
      expect(paths).to.deep.equal(["DynamoDB_20120810.PutItem"]);
      expect(received[0]?.input).to.have.property("TableName", "state-1");
      expect(JSON.stringify(received)).not.to.match(/secret-key|Lenox/);
    });

    it("tries again while the endpoint is unavailable, and keeps its connection", async () => {
      answers = [failed(503, "ServiceUnavailable", "try later"), predicted, predicted];
      const handler = overHttp();
      for (let request = 1; request <= 2; request++) {
        expect(bodyOf(await handler(apiEvent(JSON.stringify(trip))))).to.have.property("release", "r-42");
      }
      expect(paths.filter((path) => path === "/endpoints/slipway-dev/invocations")).to.have.length(3);
      expect(sockets.size).to.equal(2); // one to the endpoint, one to the queue
    });

    it("understands SageMaker's own words for no endpoint, and asks once", async () => {
      answers = [failed(400, "ValidationError", "Endpoint slipway-dev of account 000000000000 not found.")];
      const result = await overHttp()(apiEvent(JSON.stringify(trip)));
      expect(result.statusCode).to.equal(503);
      expect(bodyOf(result)).to.have.property("type", "urn:slipway:problem:no-release");
      expect(paths).to.have.length(1);
    });

    it("understands the refusal of the model", async () => {
      const errors = [{ instance: 0, field: "pickup", value: null, rule: "is too early" }];
      answers = [
        (response) =>
          response.writeHead(424, { "x-amzn-errortype": "ModelError" }).end(
            JSON.stringify({
              Message: "Received client error (400) from primary",
              OriginalStatusCode: 400,
              OriginalMessage: JSON.stringify({ message: "1 value", errors }),
            }),
          ),
      ];
      const result = await overHttp()(apiEvent(JSON.stringify(trip)));
      expect(result.statusCode).to.equal(400);
      expect(bodyOf(result)).to.deep.include({ errors });
    });
  });
});
