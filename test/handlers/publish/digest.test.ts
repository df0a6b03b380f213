import { expect } from "chai";
import { digest } from "../../../handlers/publish/digest";
import { notificationOf } from "../../../handlers/publish/notification";
import { type SlipwayEvent } from "../../../handlers/shared/events";
import { alarm, deployed, results } from "../examples";

const received = (...events: SlipwayEvent[]) =>
  events.map((event, index) => ({ messageIds: [`m-${index}`], event }));

describe("handlers/publish/digest", () => {
  it("merges the results of one release and leaves the rest as it is", () => {
    const first = results("q-1", [7, 8]);
    const later = { ...results("q-2", [9]), time: "2026-11-24T09:00:00.000Z" };
    const outgoing = digest(received(first, deployed, later, alarm));
    expect(outgoing.map(({ messageIds }) => messageIds)).to.deep.equal([["m-0", "m-2"], ["m-1"], ["m-3"]]);
    expect(outgoing.slice(1).map(({ event }) => event)).to.deep.equal([deployed, alarm]);
    expect(outgoing[0]?.event).to.deep.equal({
      ...first,
      time: later.time,
      detail: { ...first.detail, count: 3, requests: [...first.detail.requests, ...later.detail.requests] },
    });
  });

  it("names the events that a digest is made of", () => {
    const [digested] = digest(received(results("q-1", [7]), results("q-2", [9])));
    const { message } = notificationOf(digested!, { topic: "slipway-results" });
    expect((JSON.parse(message.default) as { events: string[] }).events).to.deep.equal(["q-1/0", "q-2/0"]);
  });

  it("keeps releases apart", () => {
    const outgoing = digest(received(results("q-1", [7]), results("q-2", [8], "r-2"), results("q-3", [9])));
    expect(outgoing.map(({ messageIds }) => messageIds)).to.deep.equal([["m-0", "m-2"], ["m-1"]]);
  });

  it("never exceeds what SNS takes, and loses nothing", () => {
    const events = Array.from({ length: 30 }, (_, index) =>
      results(`q-${index}`, Array<number>(200).fill(index)),
    );
    const outgoing = digest(received(...events));
    expect(outgoing.length).to.be.above(1).and.below(30);
    expect(outgoing.flatMap(({ messageIds }) => messageIds)).to.have.length(30);
    for (const each of outgoing) {
      const { message } = notificationOf(each, { topic: "slipway-results" });
      expect(Buffer.byteLength(JSON.stringify(message))).to.be.below(256 * 1024);
    }
    const requests = outgoing.flatMap(({ event }) =>
      event.kind === "prediction.results" ? event.detail.requests : [],
    );
    expect(requests).to.deep.equal(events.flatMap(({ detail }) => detail.requests));
  });
});
