import { expect } from "chai";
import { sweepStacks } from "../../automation/ephemeral/sweep";
import { timeToLive } from "../../automation/ephemeral/time-to-live";
import { UserError } from "../../automation/errors";

describe("short-lived stacks", () => {
  it("live for as long as was said", () => {
    expect(["10s", "90m", "72h", "3d"].map(timeToLive)).to.deep.equal([1e4, 54e5, 2592e5, 2592e5]);
    for (const none of ["", "0h", "72", "-1h", "1.5h", "3w", "1h 30m", "999999d"])
      expect(timeToLive(none), none).to.equal(undefined);
  });

  it("go when their time is over, whatever becomes of the one before", async () => {
    const asked: string[] = [];
    const swept = await sweepStacks(
      [
        { stack: "pr-1", expiresAt: "2026-11-27T00:00:00Z" },
        { stack: "pr-2", expiresAt: "2026-11-27T12:00:00Z" },
        { stack: "pr-3", expiresAt: "2026-11-28T00:00:01Z" },
        { stack: "pr-4" },
      ],
      new Date("2026-11-28T00:00:00Z"),
      (stack) => {
        asked.push(stack);
        return stack === "pr-1" ? Promise.reject(new UserError("It is locked.")) : Promise.resolve();
      },
    );
    expect(asked).to.deep.equal(["pr-1", "pr-2"]);
    expect(swept.map(({ stack, outcome, reason }) => [stack, outcome, reason])).to.deep.equal([
      ["pr-1", "failed", "It is locked."],
      ["pr-2", "destroyed", undefined],
      ["pr-3", "kept", "its time has not come"],
      ["pr-4", "kept", "it has no time to live; 'npx slipway ephemeral down 4' destroys it"],
    ]);
  });
});
