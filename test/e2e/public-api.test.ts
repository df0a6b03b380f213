import { APIGatewayClient, GetUsagePlansCommand, UpdateUsagePlanCommand } from "@aws-sdk/client-api-gateway";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exampleRecord } from "../../automation/project";
import { run } from "../../automation/run";
import { Workshop } from "./workshop";

/** Cases that schemathesis generates for each operation: 10,000 for the figure in bench/README.md. */
const cases = process.env.SCHEMATHESIS_CASES ?? "100";
const allowed = "https://shop.example";
const manyRequests = {
  requestsPerSecond: 10_000,
  burst: 10_000,
  totalRequestsPerSecond: 10_000,
  totalBurst: 10_000,
};

interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

describe("the public API", function () {
  this.timeout(3_600_000);
  const laptop = new Workshop();
  let url: string;
  let apiKey: string;
  const record = exampleRecord();

  before(async () => {
    laptop.configure("local", { ...manyRequests, allowedOrigins: [allowed] });
    const demo = await laptop.json<{ predictionUrl: string; apiKey: string }>("demo");
    [url, apiKey] = [demo.predictionUrl, demo.apiKey];
  });
  after(() => laptop.remove());

  /** Sends `body` to POST /predict with the key, unless `headers` say otherwise. */
  async function post(body: unknown, headers: Record<string, string> = {}, address = url): Promise<Answer> {
    const response = await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": apiKey, ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  it("tells subscribers of the prediction that the demo asks for, and of none that the release tests with", async () => {
    const mails = await laptop.json<{ subject: string; attributes: { kind?: string } }[]>(
      ...["inbox", "local", "--limit", "50"],
    );
    const results = mails.filter(({ attributes }) => attributes.kind === "prediction.results");
    expect(results.map(({ subject }) => subject)).to.have.length(1);
  });

  it("refuses in problem documents, whoever refuses", async () => {
    const refusals = [
      [403, "forbidden", await post(record, { "x-api-key": "wrong" })],
      [404, "not-found", await post(record, {}, `${url}/nothing`)],
      [400, "malformed-body", await post("[]")],
      [400, "malformed-body", await post('{"distance": 1')],
      [400, "invalid-fields", await post({ ...record, distance: -1 })],
      [415, "unsupported-media-type", await post(record, { "content-type": "text/plain" })],
      [413, "too-many-instances", await post({ instances: Array(1001).fill(record) })],
      [400, "bad-key", await post(record, { "idempotency-key": "x".repeat(256) })],
    ] as const;
    for (const [status, name, { headers, ...answer }] of refusals) {
      expect(answer, name).to.have.nested.include({ status, "body.type": `urn:slipway:problem:${name}` });
      expect(answer.body, name).to.include.all.keys("title", "detail", "requestId");
      expect(headers.get("content-type"), name).to.equal("application/problem+json");
    }
  });

  it("lets pages of the allowed origin call it, and read its refusals", async () => {
    const allow = ({ headers }: { headers: Headers }) => headers.get("access-control-allow-origin");
    const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: allowed } });
    expect([preflight.status, allow(preflight)]).to.deep.equal([204, allowed]);
    expect(preflight.headers.get("access-control-allow-headers")).to.include("x-api-key");
    expect(allow(await post(record, { origin: allowed }))).to.equal(allowed);
    expect(allow(await post(record, { origin: allowed, "x-api-key": "wrong" }))).to.equal(allowed);
    expect(allow(await post(record, { origin: "https://evil.example" }))).to.equal(null);
  });

  it("predicts once for requests with the same idempotency key, at the same time and later", async () => {
    const send = (body = record, key = "booking-1") => post(body, { "idempotency-key": key });
    const together = await Promise.all(Array.from({ length: 8 }, () => send()));
    const isReplay = ({ headers }: Answer) => headers.get("idempotent-replayed") === "true";
    const first = together.filter((answer) => answer.status === 200 && !isReplay(answer));
    expect(first).to.have.length(1);
    for (const { status } of together) expect(status).to.be.oneOf([200, 409]);
    const later = await send();
    expect([later.status, isReplay(later), later.body]).to.deep.equal([200, true, first[0]?.body]);
    expect((await send({ ...record, distance: 9 })).status).to.equal(422);
    expect(isReplay(await send(record, "booking-2"))).to.equal(false);
  });

  it("frees an idempotency key whose request was refused", async () => {
    const send = (body: object) => post(body, { "idempotency-key": "corrected" });
    expect((await send({ ...record, distance: -1 })).status).to.equal(400);
    expect((await send(record)).status).to.equal(200);
  });

  it("keeps personal data out of its logs", async () => {
    const marked = { ...record, pickup_zone: "MARKED-Jane-Doe" };
    const key = { "idempotency-key": "MARKED-key" };
    await post(marked, key);
    await post({ ...marked, distance: "MARKED" }, key);
    await post(`{"MARKED": ${JSON.stringify(marked)}`, key);
    await post(
      { instances: [marked], MARKED: 1 },
      { "x-forwarded-for": "203.0.113.9", "user-agent": "MARKED" },
    );
    const last = await post(marked);
    const logs = new CloudWatchLogsClient(await laptop.client("logs"));
    const logged = async () => {
      const { events = [] } = await logs.send(
        new FilterLogEventsCommand({ logGroupName: "/aws/lambda/slipway-local-predict" }),
      );
      return events.map(({ message }) => message).join("\n");
    };
    let text = "";
    while (!text.includes(String(last.body.requestId))) text = await logged();
    expect(text).not.to.match(/MARKED|203\.0\.113\.9/);
    expect(text).not.to.include(apiKey);
  });

  it("answers generated requests as its own description says, without a server error", async function () {
    const tool = join(laptop.folder, ".venv", "bin", "schemathesis");
    if (!existsSync(tool)) this.skip();
    const report = join(laptop.home, "schemathesis.xml");
    const checks = [
      ...["not_a_server_error", "status_code_conformance", "content_type_conformance"],
      ...["response_headers_conformance", "response_schema_conformance", "negative_data_rejection"],
    ];
    const { code, stdout, stderr } = await run(
      tool,
      [
        ...["run", url.replace(/predict$/, "openapi.json"), "--url", url.replace(/\/predict$/, "")],
        ...["--header", `x-api-key: ${apiKey}`, "--checks", checks.join()],
        ...["--max-examples", cases, "--phases", "examples,coverage,fuzzing", "--seed", "1"],
        ...["--report", "junit", "--report-junit-path", report],
      ],
      { cwd: laptop.home },
    );
    expect(code, stdout + stderr).to.equal(0);
    const [, generated] = /(\d[\d,]*) generated/.exec(stdout) ?? [];
    expect(Number(generated?.replaceAll(",", "")), stdout).to.be.at.least(Number(cases));
    expect(readFileSync(report, "utf8")).to.include("/predict");
    if (process.env.SCHEMATHESIS_CASES) console.log(stdout.slice(-1500));
  });

  it("tells a key that asks too fast when to ask again", async () => {
    const gateway = new APIGatewayClient(await laptop.client("apigateway"));
    const { items = [] } = await gateway.send(new GetUsagePlansCommand({}));
    const plan = items.find(({ throttle }) => throttle?.rateLimit === manyRequests.requestsPerSecond);
    const patchOperations = ["rateLimit", "burstLimit"].map((limit) => ({
      ...{ op: "replace" as const, path: `/throttle/${limit}`, value: "1" },
    }));
    await gateway.send(new UpdateUsagePlanCommand({ usagePlanId: plan?.id, patchOperations }));
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(record)));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.body).to.include({ type: "urn:slipway:problem:too-many-requests" });
    expect(refused?.headers.get("retry-after")).to.equal("1");
  });
});
