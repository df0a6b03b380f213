import { expect } from "chai";
import { summarize } from "../../../automation/console/readers/traffic";
import { parse } from "../../../automation/logs/requests";

describe("the console's traffic", () => {
  const now = 1_000_000_000_000;

  it("is counted in spans of five seconds without gaps, the last one the one that goes on", () => {
    const { spans, seconds } = summarize(
      [
        { at: now - 1, status: 200, release: "r1", latency: 10 },
        { at: now - 6000, status: 200, release: "r1", latency: 30 },
        { at: now - 6000, status: 400 },
        { at: now - 6000, status: 502 },
      ],
      now + 1,
    );
    expect(seconds).to.equal(5);
    expect(spans).to.have.length(60);
    expect(spans.at(-1)).to.deep.equal({ at: now, answered: 0, refused: 0, failed: 0, p50: null, p95: null });
    expect(spans.at(-2)).to.deep.equal({
      at: now - 5000,
      answered: 1,
      refused: 0,
      failed: 0,
      p50: 10,
      p95: 10,
    });
    expect(spans.at(-3)).to.deep.include({ at: now - 10_000, answered: 1, refused: 1, failed: 1, p50: 30 });
  });

  it("is callers' requests: those of the release engine, answered or failed, are none", () => {
    const line = (fields: object) => JSON.stringify({ requestId: "1", status: 502, ...fields });
    const failed = { message: "not predicted", isProbe: false };
    expect(parse(line(failed), now)).to.deep.equal([["1", { at: now, status: 502 }]]);
    expect(parse(line({ ...failed, isProbe: true }), now)).to.deep.equal([]);
    const predicted = { message: "predicted", release: "r1", Latency: 5, isProbe: true };
    expect(parse(line(predicted), now)).to.deep.equal([]);
    expect(parse(line({ ...predicted, isProbe: false }), now)).to.deep.equal([
      ["1", { at: now, release: "r1", status: 200, latency: 5 }],
    ]);
    expect(parse("START RequestId: 1", now)).to.deep.equal([]);
  });

  it("says which releases answered within the last minute", () => {
    const answer = (release: string, ago: number) => ({ at: now - ago, status: 200, release, latency: 1 });
    const { releases } = summarize(
      [answer("r1", 100), answer("r2", 100), answer("r2", 50_000), answer("r3", 70_000)],
      now,
    );
    expect(releases).to.deep.equal({ r1: 1, r2: 2 });
  });
});
