import { expect } from "chai";
import {
  type Batch,
  batchOfInput,
  isBatchId,
  keys,
  newBatchId,
  statusOf,
} from "../../../../handlers/shared/batches/batch";

const batch: Batch = {
  ...{ id: "0123456789abcdef01234567", format: "csv", status: "awaiting-upload", expires: 4e9 },
  ...{ created: "2026-11-24T08:00:00.000Z", uploadBy: "2026-11-24T09:00:00.000Z" },
};
const at = (time: string) => new Date(`2026-11-24T${time}Z`);

describe("batch", () => {
  it("has an id that nobody guesses and that is part of the keys of its objects", () => {
    const id = newBatchId();
    expect(isBatchId(id)).to.equal(true);
    expect(newBatchId()).not.to.equal(id);
    expect(batchOfInput(keys.input({ id, format: "jsonl" }))).to.deep.equal({ id, format: "jsonl" });
    for (const key of [
      "batches/inputs/",
      `batches/inputs/${id}.xlsx`,
      `batches/results/${id}.csv`,
      `${id}.csv`,
    ]) {
      expect(batchOfInput(key), key).to.equal(undefined);
    }
  });

  it("is expired when the time for the upload, and for an upload under way, is over", () => {
    expect(statusOf(batch, at("09:14:59"))).to.deep.equal({ status: "awaiting-upload" });
    expect(statusOf(batch, at("09:15:01"))).to.deep.equal({
      status: "expired",
      reason: "Nothing was uploaded until 2026-11-24T09:00:00.000Z. Ask for a new batch.",
    });
  });

  it("has failed when nothing is heard of the run that works on it, but not while a transform job works", () => {
    const running: Batch = { ...batch, status: "running", heard: "2026-11-24T08:30:00.000Z" };
    expect(statusOf(running, at("08:49:00")).status).to.equal("running");
    expect(statusOf(running, at("08:51:00")).status).to.equal("failed");
    expect(statusOf(running, at("08:51:00")).reason).to.match(/^Nothing has been heard of its work since/);
    expect(statusOf({ ...batch, status: "running" }, at("23:00:00")).status).to.equal("running");
    expect(statusOf({ ...running, status: "completed" }, at("23:00:00")).status).to.equal("completed");
  });
});
