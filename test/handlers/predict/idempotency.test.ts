import { type APIGatewayProxyResult } from "aws-lambda";
import { expect } from "chai";
import { type Claim, type Claims, once } from "../../../handlers/predict/idempotency";
import { apiEvent, recordingLog } from "../examples";

/** Keys in memory; the table's own are tried in test/e2e/public-api.test.ts. */
class Memory implements Claims {
  readonly items = new Map<string, { requestHash: string; holder: string; answer?: string }>();

  claim(key: string, requestHash: string, holder: string): Promise<Claim> {
    const known = this.items.get(key);
    if (known && known.requestHash !== requestHash) return Promise.resolve({ state: "other-request" });
    if (known?.answer !== undefined) return Promise.resolve({ state: "answered", answer: known.answer });
    if (known) return Promise.resolve({ state: "running" });
    this.items.set(key, { requestHash, holder });
    return Promise.resolve({ state: "ours" });
  }
  keep(key: string, holder: string, answer: string): Promise<void> {
    this.items.set(key, { ...this.items.get(key)!, holder, answer });
    return Promise.resolve();
  }
  release(key: string): Promise<void> {
    this.items.delete(key);
    return Promise.resolve();
  }
}

const broken: Claims = {
  claim: () => Promise.reject(new Error("no table")),
  keep: () => Promise.reject(new Error("no table")),
  release: () => Promise.reject(new Error("no table")),
};

function world(claims: Claims = new Memory()) {
  const { log, records } = recordingLog();
  let runs = 0;
  const send = async (
    key: string | undefined,
    body = "{}",
    work: () => APIGatewayProxyResult = () => ({ statusCode: 200, body: `{"run":${runs}}` }),
    apiKey = "one",
  ) => {
    const event = apiEvent(body);
    const headers = { "x-api-key": apiKey, ...(key === undefined ? {} : { "IDEMPOTENCY-KEY": key }) };
    const result = await once({ ...event, headers }, { claims, log }, () => {
      runs++;
      return Promise.resolve(work());
    });
    return { status: result.statusCode, headers: result.headers, body: JSON.parse(result.body) as object };
  };
  return { send, records, runs: () => runs, claims };
}

describe("handlers/predict/idempotency", () => {
  it("gives the same answer to the same request, once worked for, and says so", async () => {
    const { send, runs } = world();
    expect(await send("k")).to.deep.include({ status: 200, body: { run: 1 } });
    const again = await send("k");
    expect(again).to.deep.include({ status: 200, body: { run: 1 } });
    expect(again.headers).to.include({ "idempotent-replayed": "true" });
    expect(runs()).to.equal(1);
  });

  it("works for each request without a key", async () => {
    const { send, runs } = world();
    await send(undefined);
    await send(undefined);
    expect(runs()).to.equal(2);
  });

  it("refuses the key of another request, and does not mix up callers", async () => {
    const { send, runs } = world();
    await send("k", '{"a":1}');
    expect(await send("k", '{"a":2}')).to.deep.include({ status: 422 });
    expect(await send("k", '{"a":2}', undefined, "two")).to.deep.include({ status: 200 });
    expect(runs()).to.equal(2);
  });

  it("answers 409 while the first request is being worked for", async () => {
    const claims = new Memory();
    claims.keep = () => Promise.resolve(); // the first one does not come to its end
    const { send } = world(claims);
    await send("k");
    const second = await send("k");
    expect(second.status).to.equal(409);
    expect(second.headers).to.have.property("retry-after");
  });

  it("keeps no refusal: the request may be sent again", async () => {
    const { send, runs } = world();
    await send("k", "{}", () => ({ statusCode: 503, body: "{}" }));
    expect(await send("k")).to.deep.include({ status: 200 });
    expect(runs()).to.equal(2);
  });

  it("keeps no answer that the table could not hold", async () => {
    const { send, runs } = world();
    const noise = Array.from({ length: 400_000 }, (_, index) =>
      ((index * 7919) ^ (index >> 3)).toString(36),
    ).join("");
    await send("k", "{}", () => ({ statusCode: 200, body: JSON.stringify(noise) }));
    await send("k");
    expect(runs()).to.equal(2);
  });

  for (const key of ["", "ä", "a\nb", "x".repeat(256)]) {
    it(`refuses ${JSON.stringify(key.slice(0, 5))} of ${key.length} characters as a key`, async () => {
      const { send, runs } = world();
      expect(await send(key)).to.deep.include({ status: 400 });
      expect(runs()).to.equal(0);
    });
  }

  it("predicts nothing, and says so, when the table cannot be asked", async () => {
    const { send, runs, records } = world(broken);
    expect(await send("k")).to.deep.include({ status: 503 });
    expect(runs()).to.equal(0);
    expect(records[0]).to.include({ problem: "no-keys", reason: "no table" });
  });

  it("gives the answer when it cannot be kept, and logs that", async () => {
    const { send, records } = world({ ...broken, claim: () => Promise.resolve({ state: "ours" }) });
    expect(await send("k")).to.deep.include({ status: 200 });
    expect(records[0]).to.include({ level: "error", reason: "no table" });
  });

  it("writes neither the key nor what was sent into the table or the log", async () => {
    const { send, records, claims } = world();
    await send("jane-doe-1", '{"zone":"Jane Doe"}');
    await send("jane-doe-1", '{"zone":"Jane"}');
    expect(JSON.stringify([records, [...(claims as Memory).items]])).not.to.match(/jane/i);
  });
});
