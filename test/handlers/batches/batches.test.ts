import { type APIGatewayProxyEvent } from "aws-lambda";
import { expect } from "chai";
import { answerBatches, type Ports } from "../../../handlers/batches/batches";
import { type Batch } from "../../../handlers/shared/batches/batch";
import { recordingLog, requestId } from "../examples";

const now = new Date("2026-11-24T08:00:00.000Z");

/** The API's side of batches, in memory. */
class Desk {
  readonly known = new Map<string, Batch>();
  answered: string[] = [];
  release = "r-1";
  broken = false;
  now = now;
  readonly log = recordingLog();

  get ports(): Ports {
    return {
      ...{ target: { name: "fare", unit: "USD" }, release: this.release, maxBytes: 500, retentionDays: 7 },
      batches: {
        create: (batch) => Promise.resolve(void this.known.set(batch.id, batch)),
        find: (id) =>
          this.broken ? Promise.reject(new Error("table")) : Promise.resolve(this.known.get(id)),
        claim: () => Promise.resolve(undefined),
        update: () => Promise.resolve(undefined),
      },
      upload: (key, seconds, most) =>
        Promise.resolve({ url: "https://data.s3/", fields: { key, seconds: `${seconds}`, most: `${most}` } }),
      download: (key, name, type, seconds) =>
        Promise.resolve(`https://data.s3/${key}?name=${name}&type=${type}&seconds=${seconds}`),
      answered: () => Promise.resolve(this.answered),
      log: this.log.log,
      now: () => this.now,
    };
  }

  async post(body: string | null) {
    return this.answer({ httpMethod: "POST", path: "/v1/batches", body });
  }

  async get(id: string) {
    return this.answer({ httpMethod: "GET", path: `/v1/batches/${id}`, pathParameters: { id } });
  }

  private async answer({
    path,
    ...event
  }: Pick<APIGatewayProxyEvent, "httpMethod" | "path"> & Partial<APIGatewayProxyEvent>) {
    const requestContext = { requestId, path, domainName: "api.example.com" };
    const whole = { body: null, ...event, requestContext } as unknown as APIGatewayProxyEvent;
    const { statusCode, headers, body } = await answerBatches(whole, this.ports);
    return { status: statusCode, headers, body: JSON.parse(body) as Record<string, unknown> };
  }
}

describe("POST /batches", () => {
  it("answers how to upload, until when and how much, and where to ask for the results", async () => {
    const desk = new Desk();
    const { status, headers, body } = await desk.post('{"format": "jsonl"}');
    const id = body.id as string;
    expect(status).to.equal(201);
    expect(headers).to.include({ location: `/v1/batches/${id}`, "cache-control": "no-store" });
    expect(body).to.deep.equal({
      ...{ id, status: "awaiting-upload", format: "jsonl", created: now.toISOString() },
      ...{ kept: "2026-12-01T08:00:00.000Z", progress: { rows: null, done: 0 }, release: null },
      ...{ target: "fare", unit: "USD" },
      upload: {
        ...{ method: "POST", url: "https://data.s3/", expires: "2026-11-24T09:00:00.000Z", maxBytes: 500 },
        fields: { key: `batches/inputs/${id}.jsonl`, seconds: "3600", most: "500" },
      },
    });
    expect(desk.known.get(id)?.link).to.equal(`https://api.example.com/v1/batches/${id}`);
  });

  for (const [what, body, name] of [
    ["no body", null, "malformed-body"],
    ["no JSON", "{", "malformed-body"],
    ["no object", "[]", "malformed-body"],
    ["no format", "{}", "invalid-fields"],
    ["a format that there is not", '{"format": "CSV"}', "invalid-fields"],
    ["a format that is no text", '{"format": {"a": 1}}', "invalid-fields"],
    ["something more", '{"format": "csv", "gzip": true}', "invalid-fields"],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const desk = new Desk();
      const { status, headers, body: problem } = await desk.post(body);
      expect([status, headers?.["content-type"]]).to.deep.equal([400, "application/problem+json"]);
      expect(problem).to.include({ type: `urn:slipway:problem:${name}`, requestId });
      expect(problem.detail).to.match(/Send \{"format": "csv"\} or \{"format": "jsonl"\}\.$/);
      expect(desk.known.size).to.equal(0);
    });
  }

  it("names field, value and rule", async () => {
    const { body } = await new Desk().post('{"format": "xlsx", "gzip": true}');
    expect(body.errors).to.deep.equal([
      { field: "format", value: "xlsx", rule: "must be one of csv, jsonl" },
      { field: "gzip", value: null, rule: "is not a known field; leave it out" },
    ]);
  });

  it("answers 503 while nothing is released", async () => {
    const desk = new Desk();
    desk.release = "";
    const { status, headers, body } = await desk.post('{"format": "csv"}');
    expect(status).to.equal(503);
    expect(headers).to.include({ "retry-after": "60" });
    expect(body).to.include({ type: "urn:slipway:problem:no-release" });
    expect(desk.known.size).to.equal(0);
  });
});

describe("GET /batches/{id}", () => {
  async function after(changes: Partial<Batch>) {
    const desk = new Desk();
    const id = (await desk.post('{"format": "csv"}')).body.id as string;
    desk.known.set(id, { ...desk.known.get(id)!, ...changes });
    return { desk, id };
  }

  it("tells of a batch under way how far it is", async () => {
    const { desk, id } = await after({ status: "running", rows: 900, done: 400, heard: now.toISOString() });
    const { status, body } = await desk.get(id);
    expect(status).to.equal(200);
    expect(body).to.deep.include({ status: "running", progress: { rows: 900, done: 400 } });
    expect(body).not.to.have.any.keys("download", "rejected", "upload");
  });

  it("counts what a transform job has answered so far, by the objects that are there", async () => {
    const { desk, id } = await after({
      status: "running",
      rows: 910,
      done: 10,
      parts: [400, 400, 100],
      job: "j",
    });
    desk.answered = [`batches/answers/${id}/00002.jsonl.out`, `batches/answers/${id}/00000.jsonl.out`];
    expect((await desk.get(id)).body.progress).to.deep.equal({ rows: 910, done: 510 });
  });

  it("gives links to the results and to the rejected rows, with names to save them under", async () => {
    const { desk, id } = await after({ status: "completed", rows: 9, done: 9, rejected: 2, release: "r-1" });
    const { body } = await desk.get(id);
    const expires = "2026-11-24T08:15:00.000Z";
    expect(body).to.deep.include({
      ...{ status: "completed", release: "r-1", progress: { rows: 9, done: 9 } },
      download: {
        url: `https://data.s3/batches/results/${id}/predictions.csv?name=predictions-${id}.csv&type=text/csv; charset=utf-8&seconds=900`,
        expires,
      },
      rejected: {
        rows: 2,
        url: `https://data.s3/batches/results/${id}/rejected.jsonl?name=rejected-${id}.jsonl&type=application/jsonl; charset=utf-8&seconds=900`,
        expires,
      },
    });
  });

  it("tells why a batch failed, and why none came", async () => {
    const failed = await after({ status: "failed", reason: "The uploaded file is empty." });
    const { body } = await failed.desk.get(failed.id);
    expect(body).to.include({ status: "failed", reason: "The uploaded file is empty." });
    expect(body).not.to.have.any.keys("download", "rejected");
    const { desk, id } = await after({});
    desk.now = new Date("2026-11-24T09:16:00.000Z");
    expect((await desk.get(id)).body).to.include({ status: "expired" });
  });

  it("answers 404 for an id that there is not, of whatever characters, and quotes it", async () => {
    const desk = new Desk();
    for (const id of ["0123456789abcdef01234567", "", "../x", '"><script>', "x".repeat(5000)]) {
      const { status, body } = await desk.get(id);
      expect(status).to.equal(404);
      expect(body).to.include({ type: "urn:slipway:problem:unknown-batch" });
      expect((body.detail as string).length).to.be.below(400);
    }
  });

  it("answers a problem, and logs why, when something breaks", async () => {
    const { desk, id } = await after({});
    desk.broken = true;
    const { status, body } = await desk.get(id);
    expect(status).to.equal(500);
    expect(JSON.stringify(body)).not.to.include("table");
    expect(desk.log.text()).to.include("table");
  });
});
