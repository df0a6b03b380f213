import { expect } from "chai";
import { nextExport } from "../../../handlers/ingest-dynamodb/plan";

const until = "2019-03-31T12:00:30.500Z";
const next = (now: string, failures = 0) => nextExport({ until, failures }, new Date(now), 35);

describe("the next export of a table", () => {
  it("is the whole table at first", () => {
    expect(nextExport({ failures: 0 }, new Date(), 35)).to.eql({ token: "full-first-0" });
  });

  it("waits until the window has AWS's 15 minutes", () => {
    expect(next("2019-03-31T12:15:30.499Z")).to.eql({ after: new Date("2019-03-31T12:15:30.500Z") });
    expect(next("2019-03-31T12:15:30.500Z")).to.include({ from: until, to: "2019-03-31T12:15:30.500Z" });
  });

  it("ends at a whole second that is past", () => {
    expect(next("2019-03-31T13:05:59.999Z")).to.include({ from: until, to: "2019-03-31T13:05:59.000Z" });
  });

  it("is a day at most", () => {
    expect(next("2019-04-05T00:00:00Z")).to.include({ from: until, to: "2019-04-01T12:00:30.500Z" });
  });

  it("is the whole table again when the table no longer remembers its changes", () => {
    expect(next("2019-05-04T12:00:00Z")).to.have.property("from", until);
    expect(next("2019-05-05T12:00:00Z")).to.eql({ token: `full-${until}-0` });
  });

  it("is another one after a failure, and the same one otherwise", () => {
    const now = "2019-03-31T13:05:10.100Z";
    expect(next(now)).to.eql(next("2019-03-31T13:05:10.900Z"));
    expect(next(now, 1)).not.to.eql(next(now));
  });
});
