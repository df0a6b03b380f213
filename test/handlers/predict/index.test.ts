import { InvokeEndpointCommand, SageMakerRuntimeClient } from "@aws-sdk/client-sagemaker-runtime";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type APIGatewayProxyResult } from "aws-lambda";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, type Socket } from "node:net";
import { type handler as Handler } from "../../../handlers/predict/index";
import { inEnvironment, loadEntry } from "../entry";
import { apiEvent, requestId, trip } from "../examples";

const settings = {
  STACK: "dev",
  ENDPOINT_NAME: "slipway-dev",
  RESULTS_QUEUE_URL: "http://127.0.0.1:1/000000000000/results",
  ANNOUNCING: "{}",
};
const prediction = { value: 7.12, lower: 5.9, upper: 8.8 };
const bodyOf = (result: APIGatewayProxyResult) => JSON.parse(result.body) as Record<string, unknown>;
const load = () => loadEntry<{ handler: typeof Handler }>("predict", settings).handler;

describe("handlers/predict/index", () => {
  inEnvironment();

  it("invokes the endpoint and sends the results to the queue", async () => {
    const endpoint = mockClient(SageMakerRuntimeClient);
    const queue = mockClient(SQSClient);
    try {
      const Body = { transformToString: () => JSON.stringify({ predictions: [prediction] }) } as never;
      endpoint.on(InvokeEndpointCommand).resolves({ Body, CustomAttributes: "release=r-42" });
      queue.on(SendMessageCommand).resolves({ MessageId: "1" });

      const result = await load()(apiEvent(JSON.stringify(trip)));

      expect(bodyOf(result)).to.deep.include({ release: "r-42", requestId });
      expect(endpoint.commandCalls(InvokeEndpointCommand)[0]?.args[0].input).to.deep.equal({
        EndpointName: "slipway-dev",
        ContentType: "application/json",
        Accept: "application/json",
        Body: JSON.stringify({ instances: [trip] }),
      });
      const sent = queue.commandCalls(SendMessageCommand)[0]?.args[0].input;
      expect(sent).to.have.property("QueueUrl", settings.RESULTS_QUEUE_URL);
      expect(JSON.parse(sent?.MessageBody ?? "")).to.deep.include({
        kind: "prediction.results",
        stack: "dev",
      });
    } finally {
      endpoint.restore();
      queue.restore();
    }
  });

  it("does not start without its settings and says which are missing", () => {
    expect(() => loadEntry("predict", { STACK: "dev", ENDPOINT_NAME: "under_score" })).to.throw(
      /ENDPOINT_NAME is "under_score".*RESULTS_QUEUE_URL is not set/,
    );
  });

  describe("over HTTP", () => {
    let server: Server;
    let answers: ((response: ServerResponse) => void)[];
    let paths: (string | undefined)[];
    let sockets: Set<Socket>;

    beforeEach((done) => {
      [answers, paths, sockets] = [[], [], new Set()];
      server = createServer((request: IncomingMessage, response) => {
        sockets.add(request.socket);
        request.resume().on("end", () => {
          if (!request.url?.includes("/invocations")) return response.writeHead(500).end(); // SQS
          paths.push(request.url);
          answers.shift()?.(response);
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
        AWS_ENDPOINT_URL_SQS: url(),
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

    it("tries again while the endpoint is unavailable, and keeps its connection", async () => {
      answers = [failed(503, "ServiceUnavailable", "try later"), predicted, predicted];
      const handler = overHttp();
      for (let request = 1; request <= 2; request++) {
        expect(bodyOf(await handler(apiEvent(JSON.stringify(trip))))).to.have.property("release", "r-42");
      }
      expect(paths).to.deep.equal(Array(3).fill("/endpoints/slipway-dev/invocations"));
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
