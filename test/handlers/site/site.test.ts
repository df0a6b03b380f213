import { type APIGatewayProxyEvent } from "aws-lambda";
import { expect } from "chai";
import { answerSite, document } from "../../../handlers/site/site";
import { noRelease } from "../../../handlers/shared/unavailable";
import { recordingLog, requestId } from "../examples";

const get = (resource: string, headers: Record<string, string> | null = {}) =>
  ({
    httpMethod: "GET",
    resource,
    headers,
    requestContext: { requestId },
  }) as unknown as APIGatewayProxyEvent;

const schema = document("application/schema+json", "{}");

const ports = (
  health: () => Promise<never> | Promise<typeof noRelease> = () => Promise.resolve(noRelease),
) => {
  const { log, records } = recordingLog();
  return { documents: { "/schema": schema }, health, log, records };
};

describe("the site's answers", () => {
  it("are documents with type, ETag and request id", async () => {
    const { statusCode, headers, body } = await answerSite(get("/schema"), ports());
    expect({ statusCode, body }).to.deep.equal({ statusCode: 200, body: "{}" });
    expect(headers).to.deep.include({
      ...{ "content-type": "application/schema+json", etag: schema.etag, "x-request-id": requestId },
      "cache-control": "public, max-age=60",
    });
  });

  for (const known of [schema.etag, `W/${schema.etag}`, `"other", ${schema.etag}`, "*"]) {
    it(`have no body for who knows it: If-None-Match: ${known}`, async () => {
      const answer = await answerSite(get("/schema", { "If-None-Match": known }), ports());
      expect(answer).to.deep.include({ statusCode: 304, body: "" });
      expect(answer.headers).to.have.property("etag", schema.etag);
    });
  }

  it("come whole when another version is known, or no headers are there", async () => {
    expect((await answerSite(get("/schema", { "if-none-match": '"other"' }), ports())).statusCode).to.equal(
      200,
    );
    expect((await answerSite(get("/schema", null), ports())).statusCode).to.equal(200);
  });

  it("have another ETag for another text", () => {
    expect(document("text/plain", "a").etag).not.to.equal(document("text/plain", "b").etag);
  });

  it("are problem documents without a release, and never cached", async () => {
    const { statusCode, headers, body } = await answerSite(get("/health"), ports());
    expect(statusCode).to.equal(503);
    expect(headers).to.deep.include({
      ...{ "content-type": "application/problem+json", "cache-control": "no-store", "retry-after": "60" },
    });
    expect(JSON.parse(body)).to.deep.include({ type: "urn:slipway:problem:no-release", requestId });
  });

  it("are 404 for what there is not, names of object properties included", async () => {
    for (const path of ["/nothing", "constructor", "__proto__"]) {
      const answer = await answerSite(get(path), ports());
      expect(answer.statusCode, path).to.equal(404);
      expect(JSON.parse(answer.body)).to.have.property("type", "urn:slipway:problem:not-found");
    }
  });

  it("are 500 without the reason when something breaks, and the log has it", async () => {
    const broken = ports(() => Promise.reject(new Error("secret reason")));
    const { statusCode, body } = await answerSite(get("/health"), broken);
    expect(statusCode).to.equal(500);
    expect(body).not.to.include("secret reason");
    expect(broken.records).to.have.nested.property("0.reason", "secret reason");
  });
});
