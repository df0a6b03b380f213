import { type APIGatewayProxyEvent } from "aws-lambda";
import { expect } from "chai";
import { createHmac, timingSafeEqual } from "node:crypto";
import { type EventOf, parseEvent } from "../../../handlers/shared/events";
import { addressHash, directKind } from "../../../handlers/shared/subscription";
import { type Ports, subscriptions } from "../../../handlers/subscriptions/subscriptions";
import { recordingLog, requestId } from "../examples";

const ann = "ann@example.com";
const sign = (text: string) => createHmac("sha256", "key").update(text).digest();

/** A topic with some subscribed addresses, and all that the Lambda does with it. */
function world(...subscribed: string[]) {
  const asked: { email: string; policy: object }[] = [];
  const announced: EventOf<"subscription.removal">[] = [];
  const counts = new Map<string, number>();
  const { log, text } = recordingLog();
  let now = new Date("2026-11-24T08:00:00Z");
  const ports: Ports = {
    ...{ stack: "dev", topic: "slipway-results", log, now: () => now },
    limits: {
      allow({ what, times }, who) {
        const count = counts.get(what + who) ?? 0;
        if (count < times) counts.set(what + who, count + 1);
        return Promise.resolve(count < times);
      },
    },
    signer: {
      sign: (signed) => Promise.resolve(sign(signed)),
      verify: (signed, signature) => Promise.resolve(timingSafeEqual(sign(signed), signature)),
    },
    subscribe: (email, policy) => Promise.resolve(void asked.push({ email, policy })),
    unsubscribe(hash) {
      const at = subscribed.findIndex((email) => addressHash(email) === hash);
      return Promise.resolve(at < 0 ? 0 : subscribed.splice(at, 1).length);
    },
    announce: (event) => Promise.resolve(void announced.push(event)),
  };
  const call = async (httpMethod: string, path: string, body = "", query?: Record<string, string>) => {
    const event = {
      ...{
        httpMethod,
        path: `/v1${path}`,
        body,
        isBase64Encoded: false,
        queryStringParameters: query ?? null,
      },
      requestContext: { requestId, identity: { sourceIp: "203.0.113.7" } },
    } as unknown as APIGatewayProxyEvent;
    const { statusCode, body: answer, headers } = await subscriptions(event, ports);
    return { status: statusCode, text: answer, headers };
  };
  const post = (path: string, value: object) => call("POST", path, JSON.stringify(value));
  const later = (hours: number) => (now = new Date(now.getTime() + hours * 3_600_000));
  return { call, post, later, asked, announced, subscribed, log: text };
}

describe("handlers/subscriptions", () => {
  it("asks SNS to ask the address, with its wishes and its own direct kind as filter policy", async () => {
    const { post, asked } = world();
    const { status } = await post("/subscriptions", { email: ann, kinds: ["alarm"], minSeverity: "error" });
    expect(status).to.equal(202);
    const policy = { kind: ["alarm", directKind(addressHash(ann))], severity: ["error"] };
    expect(asked).to.deep.equal([{ email: ann, policy }]);
  });

  it("answers the same whether an address is known or not", async () => {
    const known = world(ann);
    const unknown = world();
    for (const path of ["/subscriptions", "/subscriptions/removals"]) {
      expect(await known.post(path, { email: ann })).to.deep.equal(await unknown.post(path, { email: ann }));
    }
    expect(known.announced).to.have.length(1);
    expect(unknown.announced).to.have.length(1); // SNS delivers it to nobody
  });

  for (const [body, field, rule] of [
    [{}, "email", "is missing"],
    [{ email: "ann" }, "email", "must be an email address, like name@example.com"],
    [{ email: 7 }, "email", "must be text"],
    [{ email: ann, kinds: ["alarms"] }, "kinds.0", /^must be prediction\.results, .* or alarm$/],
    [{ email: ann, kinds: [] }, "kinds", "must name at least one kind"],
    [{ email: ann, minSeverity: "fatal" }, "minSeverity", "must be info, warning or error"],
    [{ email: ann, kind: "alarm" }, "kind", "is no field of this request"],
    [[], "email", "is missing"],
  ] as [object, string, string | RegExp][]) {
    it(`refuses ${JSON.stringify(body)}, naming field and rule`, async () => {
      const { post, asked } = world();
      const { status, text, headers } = await post("/subscriptions", body);
      expect(status).to.equal(400);
      expect(headers?.["content-type"]).to.equal("application/problem+json");
      const { errors } = JSON.parse(text) as { errors: { field: string; rule: string }[] };
      expect(errors[0]?.field).to.equal(field);
      if (typeof rule === "string") expect(errors[0]?.rule).to.equal(rule);
      else expect(errors[0]?.rule).to.match(rule);
      expect(asked).to.be.empty;
    });
  }

  it("takes the address out by the button, and by nothing else", async () => {
    const { call, post, announced, subscribed } = world(ann, "bob@example.com");
    await post("/subscriptions/removals", { email: " Ann@Example.com " });
    const [event] = announced;
    expect(parseEvent(event)).to.deep.equal(event);
    expect(event?.detail.to).to.equal(addressHash(ann));
    const token = event?.detail.token ?? "";
    expect(token).not.to.include("ann");
    const page = await call("GET", "/unsubscribe", "", { token }); // as a scanner does
    expect(page.status).to.equal(200);
    expect(page.text).to.include('<form method="post"').and.include(token);
    expect(subscribed).to.include(ann);
    const done = await call("POST", "/unsubscribe", new URLSearchParams({ token }).toString());
    expect(done.text).to.include("The mails have stopped");
    expect(subscribed).to.deep.equal(["bob@example.com"]);
  });

  it("takes nobody out by a link that is forged, another's, not whole or too old", async () => {
    const { call, post, announced, later, subscribed } = world(ann, "bob@example.com");
    await post("/subscriptions/removals", { email: "bob@example.com" });
    const token = announced[0]!.detail.token;
    const [, expires, signature] = token.split(".");
    const tries = [
      `${addressHash(ann)}.${expires}.${signature}`,
      `${addressHash("bob@example.com")}.${Number(expires) + 1}.${signature}`,
      ...[token.slice(1), `${token}x`, "", "x"],
    ];
    const press = (one: string) =>
      call("POST", "/unsubscribe", new URLSearchParams({ token: one }).toString());
    for (const one of tries) expect((await press(one)).status, one).to.equal(400);
    later(25);
    expect((await press(token)).text).to.include("This link does not work any more");
    expect(subscribed).to.deep.equal([ann, "bob@example.com"]);
  });

  it("shows pages that run no script, load nothing and leak no address", async () => {
    const { call } = world();
    const { headers, text } = await call("GET", "/unsubscribe");
    expect(headers?.["content-security-policy"])
      .to.match(/^default-src 'none'/)
      .and.not.include("unsafe");
    expect(headers).to.include({ "referrer-policy": "no-referrer", "cache-control": "no-store" });
    expect(text).to.include('<label for="email">').and.not.include("<script");
    const evil = await call("GET", "/unsubscribe", "", { token: '"><script>alert(1)</script>' });
    expect(evil.text).not.to.include("alert");
  });

  it("mails an address three times a day at most, and does not tell the caller", async () => {
    const { post, asked, announced, log } = world();
    for (let time = 0; time < 3; time++) await post("/subscriptions", { email: ann });
    const answer = await post("/subscriptions/removals", { email: ann });
    expect(answer.status).to.equal(202);
    expect([asked.length, announced.length]).to.deep.equal([3, 0]);
    expect(log()).not.to.include("ann");
  });

  it("stops a caller that asks too often, by a problem document or a page", async () => {
    const { post, call } = world();
    for (let time = 0; time < 60; time++) await post("/subscriptions", { email: `${time}@example.com` });
    const { status, headers } = await post("/subscriptions", { email: ann });
    expect(status).to.equal(429);
    expect(headers).to.include({ "retry-after": "3600" });
    expect((await call("POST", "/unsubscribe", "email=ann%40example.com")).status).to.equal(429);
  });
});
