import { expect } from "chai";
import { alone } from "../../../../handlers/shared/landing/alone";
import { type IngestResult } from "../../../../handlers/shared/landing/landing";
import { MemoryStore } from "./memory-store";

const start = new Date("2019-03-30T12:00:00.000Z");
const minutesLater = (minutes: number) => new Date(start.getTime() + minutes * 60_000);
const done: IngestResult = { source: "orders", landed: [], setAside: [] };

describe("a run of a source alone", () => {
  let store: MemoryStore;
  beforeEach(() => (store = new MemoryStore()));

  const only = (work: () => Promise<IngestResult>, now = start) =>
    alone({ source: "orders", store, remaining: () => 900_000 }, work, () => now);
  const idle = () => Promise.resolve(done);

  it("lets one of two runs work, and the next one when it is over", async () => {
    let other: IngestResult | undefined;
    const result = await only(async () => {
      other = await only(() => Promise.reject(new Error("two are at work")), minutesLater(14));
      return done;
    });
    expect(result).to.equal(done);
    expect(other).to.deep.equal({
      ...done,
      waiting: "another run of orders is at work, until 2019-03-30T12:15:00.000Z at the latest",
    });
    expect(await only(idle)).to.equal(done);
  });

  it("lets one work when both ask at the same time", async () => {
    const both = await Promise.all([only(idle), only(idle)]);
    expect(both.filter(({ waiting }) => waiting === undefined)).to.have.length(1);
  });

  it("lets the next run work after one that failed, and after the time of one that was killed", async () => {
    const failed = await only(() => Promise.reject(new Error("no"))).catch((error: Error) => error.message);
    expect(failed).to.equal("no");
    expect(await only(idle)).to.equal(done);
    await only(async () => {
      expect(await only(idle, minutesLater(15))).to.equal(done);
      return done;
    });
  });

  it("does not take a lease that cannot be read for one", async () => {
    await store.write("sources/orders/lease.json", "{");
    expect(await only(idle)).to.equal(done);
  });
});
