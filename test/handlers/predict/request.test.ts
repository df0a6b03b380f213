import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Problem } from "../../../handlers/shared/problem";
import { recordSchema } from "../../../handlers/shared/schema";
import { RequestReader } from "../../../handlers/predict/request";
import { validate } from "../../../handlers/predict/validate";
import { trip } from "../examples";

const reader = new RequestReader(recordSchema, validate);
const read = (body: unknown) =>
  reader.read(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)));

function problemOf(body: unknown): Problem {
  const parsed = read(body);
  if (!("problem" in parsed)) throw new Error("accepted");
  return parsed.problem;
}

const errorsOf = (body: unknown) => problemOf(body).errors ?? [];
const without = (field: string) =>
  Object.fromEntries(Object.entries(trip).filter(([name]) => name !== field));

describe("handlers/predict/request", () => {
  it("takes one record, or 1 to 1,000", () => {
    expect(read(trip)).to.deep.equal({ instances: [trip] });
    expect(read({ instances: [trip, trip] })).to.deep.equal({ instances: [trip, trip] });
    expect(read({ instances: Array(1000).fill(trip) }))
      .to.have.property("instances")
      .with.length(1000);
  });

  it("refuses more than 1,000 records with 413", () => {
    const problem = problemOf({ instances: Array(1001).fill(trip) });
    expect(problem).to.include({ status: 413, name: "too-many-instances" });
    expect(problem.detail).to.match(/1001 records and the limit is 1000/);
  });

  for (const [what, body, detail] of [
    ["nothing", "", /body is empty/],
    ["half a document", '{"distance": 1', /not JSON/],
    ["CSV", "pickup,distance\n2019,1", /not JSON/],
    ["a list", [trip], /an array/],
    ["null", "null", /null/],
    ["a number", "7", /a number/],
  ] as const) {
    it(`refuses ${what} as a body and says what to send`, () => {
      const problem = problemOf(body);
      expect(problem).to.include({ status: 400, name: "malformed-body" });
      expect(problem.detail)
        .to.match(detail)
        .and.match(/Send one record as a JSON object/);
    });
  }

  it("takes JSON by any of its names, and refuses what is said to be something else", () => {
    const body = Buffer.from(JSON.stringify(trip));
    for (const type of ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json"]) {
      expect(reader.read(body, type), type).to.have.property("instances");
    }
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
      expect(reader.read(body, type), type).to.have.nested.include({
        "problem.status": 415,
        "problem.name": "unsupported-media-type",
      });
    }
  });

  it("refuses bytes that are not UTF-8", () => {
    const parsed = reader.read(Buffer.from([0x7b, 0xff, 0x7d]));
    expect(parsed)
      .to.have.nested.property("problem.detail")
      .that.matches(/not UTF-8/);
  });

  it("does not quote the body back when it is not JSON", () => {
    expect(problemOf('{"name": Jane Doe}').detail).not.to.match(/Jane/);
  });

  it("names field, value and rule of every fault, in every record", () => {
    const { status, detail, errors } = problemOf({
      instances: [trip, { ...trip, distance: -1, color: "red" }, { ...without("pickup"), passengers: 1.5 }],
    });
    expect(status).to.equal(400);
    expect(errors).to.have.deep.members([
      { instance: 1, field: "distance", value: -1, rule: "must be at least 0" },
      { instance: 1, field: "color", value: "red", rule: "must be one of green, yellow" },
      { instance: 2, field: "pickup", value: null, rule: "is required" },
      { instance: 2, field: "passengers", value: 1.5, rule: "must be an integer" },
    ]);
    expect(detail).to.match(
      /^instances\[1\]\.distance must be at least 0 \(given: -1\)\. 4 values are refused/,
    );
  });

  it("puts the one fault of a single record into a sentence", () => {
    expect(problemOf({ ...trip, distance: -1 }).detail).to.match(
      /^distance must be at least 0 \(given: -1\)\. Nothing/,
    );
  });

  it("suggests the field that an unknown name may mean", () => {
    const rules = (extra: object) => errorsOf({ ...trip, ...extra }).map((error) => error.rule);
    expect(rules({ distnce: 1 })).to.deep.equal(["is not a known field; did you mean distance?"]);
    expect(rules({ Pickup_Zone: "x" })).to.deep.equal(["is not a known field; did you mean pickup_zone?"]);
    expect(rules({ weather: "rain" })).to.deep.equal(["is not a known field"]);
    expect(rules({ fare: 7 })).to.deep.equal(["is what is predicted; leave it out"]);
    expect(rules({ tip: 1 })).to.deep.equal(["is not known when predicting; leave it out"]);
    expect(errorsOf({ instance: [trip] }).find(({ field }) => field === "instance")?.rule).to.match(
      /mean instances/,
    );
  });

  it("refuses what is no list of records", () => {
    expect(errorsOf({ instances: [] })).to.deep.equal([
      { field: "instances", value: "an array", rule: "must hold at least 1 record" },
    ]);
    expect(errorsOf({ instances: trip })).to.deep.equal([
      { field: "instances", value: "an object", rule: "must be an array of records" },
    ]);
    expect(errorsOf({ instances: [trip, 5] })).to.deep.equal([
      { instance: 1, field: "instances", value: 5, rule: "must be a record (a JSON object)" },
    ]);
    expect(errorsOf({ instances: [trip], threshold: 1 })).to.deep.equal([
      { field: "threshold", value: 1, rule: "must not stand beside instances" },
    ]);
  });

  it("is not fooled by names that objects have anyway", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const body = JSON.stringify(trip).replace("{", `{"${name}": {"distance": 1},`);
      expect(errorsOf(body).map(({ field }) => field)).to.deep.equal([name]);
    }
  });

  it("keeps the answer small whatever is sent", () => {
    const body = {
      instances: Array.from({ length: 500 }, () => ({ ...trip, color: "x".repeat(5000), distance: "far" })),
    };
    const problem = problemOf(body);
    expect(problem.errors).to.have.length(100);
    expect(problem.detail).to.match(/Only the first 100 errors are listed/);
    expect(JSON.stringify(problem).length).to.be.below(30_000);
    expect(errorsOf({ ...trip, ["y".repeat(9000)]: 1 })[0]?.field).to.have.length(103);
  });

  it("does not look at record after record, or field after field, of nonsense", () => {
    const nonsense = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`f${index}`, 1]));
    expect(errorsOf(nonsense)).to.deep.equal([
      {
        instance: 0,
        field: "instances",
        value: "an object",
        rule: "must hold records of at most 108 fields",
      },
    ]);
    expect(errorsOf({ instances: [trip], ...nonsense })).to.have.length(100);
    expect(errorsOf({ instances: Array(1000).fill({}) })).to.have.length(100);
  });

  it("survives deep nesting and numbers out of range", () => {
    const deep = "[".repeat(50_000) + "]".repeat(50_000);
    expect(errorsOf(JSON.stringify(trip).replace("1.6", deep))).to.deep.equal([
      { instance: 0, field: "distance", value: "an array", rule: "must be a number" },
    ]);
    expect(errorsOf(JSON.stringify(trip).replace("1.6", "1e999"))[0]?.value).to.equal(
      "a number out of range",
    );
  });

  it("words its rules as the container does", function () {
    const root = join(__dirname, "../../..");
    const python = join(root, ".venv/bin/python");
    if (!existsSync(python)) this.skip();
    const records = [
      trip,
      without("distance"),
      { ...trip, distnce: 1 },
      { ...trip, weather: "rain" },
      { ...trip, pickup: "yesterday" },
      { ...trip, pickup: "2019-02-30 10:00:00" },
      { ...trip, pickup: null },
      { ...trip, passengers: 10 },
      { ...trip, passengers: 1.5 },
      { ...trip, distance: "1.6" },
      { ...trip, distance: -0.1, color: "red" },
      { ...trip, color: null },
      { ...trip, pickup_zone: "" },
      { ...trip, pickup_zone: "z".repeat(81) },
      { ...trip, pickup_zone: "a\nb" },
      { ...trip, dropoff_zone: 4 },
      { ...trip, dropoff_borough: "Jersey" },
      { ...trip, dropoff_borough: 3 },
    ];
    const program =
      "import json, sys; from slipway_model.schema import SCHEMA; " +
      "print(json.dumps([[[r.field, r.rule] for r in SCHEMA.request.validate(x)[1]] for x in json.load(sys.stdin)]))";
    const output = execFileSync(python, ["-c", program], {
      cwd: join(root, "model-image"),
      input: JSON.stringify(records),
      encoding: "utf8",
    });
    const own = records.map((record) => {
      const parsed = read(record);
      return "problem" in parsed ? parsed.problem.errors?.map(({ field, rule }) => [field, rule]) : [];
    });
    // Python spells the end of a pattern in its own way.
    const theirs = JSON.parse(output.replaceAll("\\\\Z", "$")) as string[][][];
    expect(own[0]).to.deep.equal([]);
    own.forEach((reasons, index) => {
      expect(reasons).to.have.deep.members(theirs[index] ?? [], JSON.stringify(records[index]));
    });
  });
});
