import { expect } from "chai";
import { createServer, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { AwsClient, AwsError, type Service } from "../../../handlers/shared/aws";

const queue: Service = {
  ...{ host: "sqs", id: "SQS", signingName: "sqs" },
  ...{ attempts: 3, attemptMs: 5000, totalMs: 10_000 },
};
const credentials = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "secret" };

describe("handlers/shared/aws", () => {
  let server: Server;
  let answers: ((response: ServerResponse) => void)[];
  let requests: Record<string, unknown>[];

  beforeEach((done) => {
    [answers, requests] = [[], []];
    server = createServer((request, response) => {
      requests.push(request.headers);
      request.resume().on("end", () => (answers.shift() ?? (() => undefined))(response));
    }).listen(0, "127.0.0.1", done);
  });
  afterEach((done) => {
    server.closeAllConnections();
    server.close(done);
  });

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (service: Partial<Service> = {}, more: Record<string, string> = {}) =>
    new AwsClient({ ...queue, ...service }, { ...credentials, AWS_ENDPOINT_URL: url(), ...more })
      .call("AmazonSQS.SendMessage", { a: 1 })
      .catch((error: Error) => error);
  const refuse = (status: number, type: string) => (response: ServerResponse) =>
    response.writeHead(status).end(JSON.stringify({ __type: `com.amazonaws.sqs#${type}`, message: "no" }));

  it("signs its requests, with the session's token", async () => {
    answers = [(response) => response.end('{"MessageId":"1"}')];
    expect(await ask({}, { AWS_SESSION_TOKEN: "token" })).to.deep.equal({ MessageId: "1" });
    expect(requests[0]).to.include({
      "x-amz-security-token": "token",
      "x-amz-target": "AmazonSQS.SendMessage",
    });
    expect(requests[0]?.authorization)
      .to.match(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-east-1\/sqs\/aws4_request/)
      .and.not.include("secret");
  });

  for (const [status, type] of [
    [400, "ThrottlingException"],
    [429, "TooManyRequestsException"],
    [503, "ServiceUnavailable"],
  ] as const) {
    it(`tries again after ${type}, as often as it may`, async () => {
      answers = Array(5).fill(refuse(status, type)) as typeof answers;
      expect(await ask())
        .to.be.instanceOf(AwsError)
        .and.to.include({ name: type, status });
      expect(requests).to.have.length(3);
    });
  }

  it("takes a refusal for an answer", async () => {
    answers = [refuse(400, "QueueDoesNotExist")];
    expect(await ask())
      .to.be.instanceOf(AwsError)
      .and.to.include({ name: "QueueDoesNotExist", message: "no" });
    expect(requests).to.have.length(1);
  });

  it("tries again when a connection breaks", async () => {
    answers = [(response) => response.destroy(), (response) => response.end("{}")];
    expect(await ask()).to.deep.equal({});
  });

  it("gives an attempt up that takes too long, and tries again", async () => {
    answers = [() => undefined, (response) => response.end('{"ok":true}')];
    expect(await ask({ attemptMs: 200 })).to.deep.equal({ ok: true });
  });

  it("gives up when all its time is over, in the middle of an answer, too", async () => {
    expect(await ask({ totalMs: 200 }))
      .to.have.property("name")
      .that.matches(/^(Timeout|Abort)Error$/);
    answers = [(response) => response.write('{"half":')];
    expect(await ask({ totalMs: 200 }))
      .to.have.property("name")
      .that.matches(/^(Timeout|Abort)Error$/);
  });
});
