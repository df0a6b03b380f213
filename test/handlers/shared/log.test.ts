import { expect } from "chai";
import { createLog, errorFields } from "../../../handlers/shared/log";

describe("handlers/shared/log", () => {
  it("writes one JSON document a line, with the common fields in each", () => {
    const lines: string[] = [];
    const log = createLog({ stack: "dev" }, (line) => lines.push(line)).with({ requestId: "r-1" });
    log.info("first\nsecond");
    log.error("failed", errorFields(new TypeError("not a number")));
    expect(lines.join("")).not.to.include("\n");
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records[0]).to.include({
      level: "info",
      message: "first\nsecond",
      stack: "dev",
      requestId: "r-1",
    });
    expect(records[1]).to.include({
      level: "error",
      requestId: "r-1",
      error: "TypeError",
      reason: "not a number",
    });
    expect(new Date(String(records[0]?.time)).toISOString()).to.equal(records[0]?.time);
  });
});
