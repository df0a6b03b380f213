import { expect } from "chai";
import { parseEvent } from "../../../handlers/shared/events";
import { alarm, classResults, results } from "../examples";

describe("handlers/shared/events", () => {
  it("keeps what a newer sender has put in", () => {
    const event = { ...alarm, detail: { ...alarm.detail, runbook: "docs/runbook.md" }, version: 2 };
    expect(parseEvent(event)).to.deep.equal(event);
  });

  it("takes predictions of numbers and of classes, and nothing between them", () => {
    for (const event of [results("q-1", [7]), classResults("q-1", ["setosa"])]) {
      expect(parseEvent(event)).to.deep.equal(event);
    }
    const event = results("q-1", [7]);
    const [request] = event.detail.requests;
    for (const prediction of [{ value: 7 }, { value: "setosa", lower: 1, upper: 2 }]) {
      const requests = [{ ...request, predictions: [{ input: {}, ...prediction }] }];
      expect(() => parseEvent({ ...event, detail: { ...event.detail, requests } })).to.throw(
        /predictions\.0/,
      );
    }
  });

  it("says which part is wrong", () => {
    expect(() => parseEvent({ ...alarm, severity: "fatal" })).to.throw(/severity: .*"fatal"/);
    expect(() => parseEvent({ ...alarm, time: "yesterday" })).to.throw(/time: /);
    expect(() => parseEvent({ ...alarm, detail: { what: "x" } })).to.throw(/detail\.reason: /);
    expect(() => parseEvent({ ...alarm, kind: "release.painted" })).to.throw(/kind: /);
    expect(() => parseEvent("alarm")).to.throw(/the event: /);
  });
});
