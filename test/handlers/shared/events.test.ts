import { expect } from "chai";
import { parseEvent } from "../../../handlers/shared/events";
import { alarm } from "../examples";

describe("handlers/shared/events", () => {
  it("keeps what a newer sender has put in", () => {
    const event = { ...alarm, detail: { ...alarm.detail, runbook: "docs/runbook.md" }, version: 2 };
    expect(parseEvent(event)).to.deep.equal(event);
  });

  it("says which part is wrong", () => {
    expect(() => parseEvent({ ...alarm, severity: "fatal" })).to.throw(/severity: .*"fatal"/);
    expect(() => parseEvent({ ...alarm, time: "yesterday" })).to.throw(/time: /);
    expect(() => parseEvent({ ...alarm, detail: { what: "x" } })).to.throw(/detail\.reason: /);
    expect(() => parseEvent({ ...alarm, kind: "release.painted" })).to.throw(/kind: /);
    expect(() => parseEvent("alarm")).to.throw(/the event: /);
  });
});
