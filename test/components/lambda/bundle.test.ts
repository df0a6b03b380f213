import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundledFiles } from "../../../components/lambda/bundle";
import { RequestReader } from "../../../handlers/predict/request";
import { validate } from "../../../handlers/predict/validate";
import { recordSchema } from "../../../handlers/shared/schema";
import { apiEvent, trip } from "../../handlers/examples";

const maxBytes = 250_000;

describe("the bundle of the predict Lambda", () => {
  const files = bundledFiles("predict");

  it("is small, and has neither Ajv nor the clients of the SDK in it", () => {
    const code = Object.values(files).join("");
    expect(Buffer.byteLength(code)).to.be.below(maxBytes);
    expect(code).not.to.match(/strictTypes|client-sqs/); // an option of Ajv; the user agent of a client
  });

  it("refuses what Ajv refuses, in the same words, by the code that Ajv has made", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-bundle-"));
    try {
      const bodies = [
        ...["", "[]", "null", '{"distance": 1'],
        ...[
          { ...trip, distance: -1, color: "red" },
          { ...trip, passengers: 1.5, pickup: "yesterday" },
          { ...trip, pickup: "2019-02-30 10:00:00" },
          { ...trip, pickup_zone: "a\nb", fare: 7, distnce: 1 },
          { ...trip, pickup_zone: "z".repeat(81), dropoff_borough: "Jersey" },
          { ...trip, distance: Infinity, color: null },
          { instances: [trip, 5, {}, { ...trip, passengers: "1" }] },
          { instances: [] },
        ].map((body) => JSON.stringify(body)),
      ];
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const program = `
        const { handler } = require("./index.js");
        process.stdout.write = () => true; // its log
        Promise.all(JSON.parse(process.argv[1]).map((event) => handler(event)))
          .then((answers) => process.stderr.write(JSON.stringify(answers)));`;
      const events = bodies.map((body) => apiEvent(body));
      const answers = JSON.parse(runIn(folder, program, JSON.stringify(events))) as { body: string }[];
      const reader = new RequestReader(recordSchema, validate);
      for (const [index, { body }] of answers.entries()) {
        const read = reader.read(Buffer.from(bodies[index]!));
        if (!("problem" in read)) throw new Error(`accepted: ${bodies[index]}`);
        const { detail, errors } = read.problem;
        expect(JSON.parse(body)).to.deep.include(
          JSON.parse(JSON.stringify({ detail, errors })),
          bodies[index],
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Runs a program as Lambda would, and gives what it writes to stderr. */
function runIn(cwd: string, program: string, argument: string): string {
  const env = {
    ...{ PATH: process.env.PATH, AWS_REGION: "us-east-1", STACK: "dev", ENDPOINT_NAME: "slipway-dev" },
    ...{
      RESULTS_QUEUE_URL: "http://127.0.0.1:1/q",
      STATE_TABLE: "state",
      RELEASE_KEY_ID: "k1",
      ALLOWED_ORIGINS: "",
      ANNOUNCING: "{}",
    },
  };
  return spawnSync(process.execPath, ["-e", program, argument], { cwd, env, encoding: "utf8" }).stderr;
}
