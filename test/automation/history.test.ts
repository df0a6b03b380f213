import { expect } from "chai";
import { type PastDeployment, previousGood } from "../../automation/release/history";

/** A history, newest first, from changes such as `release b` and `rollback b>a`, oldest first. */
function history(...changes: string[]): PastDeployment[] {
  let served: string | undefined;
  return changes
    .map((change, index) => {
      const [action, release] = change.split(" ") as ["release" | "rollback", string];
      const entry = { action, release, previous: served, at: `2026-11-24T00:00:0${index}.000Z`, by: "ann" };
      served = release;
      return entry;
    })
    .reverse();
}

describe("previousGood", () => {
  it("is the release that was served before", () => {
    expect(previousGood(history("release a", "release b"), "b")).to.equal("a");
  });

  it("is none after the first release", () => {
    expect(previousGood(history("release a"), "a")).to.equal(undefined);
    expect(previousGood([], "a")).to.equal(undefined);
  });

  it("goes further back when it is asked again, not forth to what was rolled back", () => {
    expect(previousGood(history("release a", "release b", "release c", "rollback b"), "b")).to.equal("a");
  });

  it("trusts a release again that was released after it was rolled back", () => {
    const changes = ["release a", "release b", "rollback a", "release b", "release c"];
    expect(previousGood(history(...changes), "c")).to.equal("b");
  });
});
