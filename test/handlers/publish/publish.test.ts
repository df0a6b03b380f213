import { expect } from "chai";
import { type Notification } from "../../../handlers/publish/notification";
import { type Ports, publishBatch, receive } from "../../../handlers/publish/publish";
import { alarm, message, recordingLog, results } from "../examples";
import { MemoryClaims } from "./memory-claims";

/** What SNS does with what it is given. */
type Mood = "takes it" | "refuses it" | "takes it and its answer is lost" | "takes it and the publisher dies";

class Died extends Error {}

describe("handlers/publish/publish", () => {
  let claims: MemoryClaims;
  let delivered: Notification[];
  let mood: Mood;
  let ports: Ports;

  beforeEach(() => {
    claims = new MemoryClaims();
    delivered = [];
    mood = "takes it";
    ports = {
      ...{ stack: "dev", places: { topic: "slipway-results" }, claims, log: recordingLog().log },
      publish(notification) {
        if (mood !== "refuses it") delivered.push(notification);
        return mood === "takes it" ? Promise.resolve() : Promise.reject(new Error(mood));
      },
    };
  });

  const failures = async (...records: ReturnType<typeof message>[]) =>
    (await publishBatch(records, ports)).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  /** What SNS delivers to the publisher itself. */
  const receipts = () =>
    receive(
      delivered.map(({ message: { default: body } }, index) => message(`r-${index}`, body)),
      ports,
    );
  const events = () =>
    delivered.flatMap(({ message: { default: text } }) => (JSON.parse(text) as { events: string[] }).events);

  it("publishes a message that SQS delivers again once", async () => {
    expect(await failures(message("m-1", alarm))).to.deep.equal([]);
    expect(await failures(message("m-1", alarm))).to.deep.equal([]);
    expect(events()).to.deep.equal(["a-1"]);
  });

  it("publishes an event that two messages of a batch bring once, and is done with both", async () => {
    expect(await failures(message("m-1", alarm), message("m-2", alarm))).to.deep.equal([]);
    expect(events()).to.deep.equal(["a-1"]);
  });

  it("leaves to another publisher what it has claimed, and does the rest", async () => {
    await claims.claim(["a-1"]);
    const batch = [message("m-1", alarm), message("m-2", results("q-1", [7]))];
    expect(await failures(...batch)).to.deep.equal(["m-1"]);
    expect(events()).to.deep.equal(["q-1/0"]);
  });

  it("tries again what SNS has refused, once its claim has ended", async () => {
    mood = "refuses it";
    expect(await failures(message("m-1", alarm))).to.deep.equal(["m-1"]);
    mood = "takes it";
    expect(await failures(message("m-1", alarm))).to.deep.equal(["m-1"]);
    claims.lapse();
    expect(await failures(message("m-1", alarm))).to.deep.equal([]);
    expect(events()).to.deep.equal(["a-1"]);
  });

  it("publishes once what SNS has taken although its answer was lost: the receipt tells", async () => {
    mood = "takes it and its answer is lost";
    const batch = [message("m-1", results("q-1", [7])), message("m-2", results("q-2", [8]))];
    expect(await failures(...batch)).to.deep.equal(["m-1", "m-2"]);
    await receipts();
    claims.lapse();
    mood = "takes it";
    expect(await failures(...batch)).to.deep.equal([]);
    expect(events()).to.deep.equal(["q-1/0", "q-2/0"]);
  });

  it("publishes once when the publisher dies after SNS has taken it", async () => {
    const settle = claims.settle.bind(claims);
    claims.settle = () => Promise.reject(new Died());
    expect(await failures(message("m-1", alarm))).to.deep.equal([]); // or dies: the message comes again
    claims.settle = settle;
    await receipts();
    claims.lapse();
    expect(await failures(message("m-1", alarm))).to.deep.equal([]);
    expect(events()).to.deep.equal(["a-1"]);
  });

  it("takes no notification of somebody else's for a receipt", async () => {
    const foreign = ["hello", '{"events": [1]}', "{}"].map((body) => message("r-1", body));
    await receive(foreign, ports);
    expect(claims.state).to.be.empty;
  });

  it("sends the link of a removal to its address alone, and to no service", async () => {
    const detail = { to: "0a".repeat(16), token: "secret.token" };
    const removal = { ...alarm, kind: "subscription.removal", severity: "info", id: "u-1", detail };
    expect(await failures(message("m-1", removal))).to.deep.equal([]);
    const [{ attributes, message: texts } = { attributes: undefined, message: undefined }] = delivered;
    expect(attributes).to.deep.equal({ kind: `direct:${detail.to}`, stack: "dev", severity: "error" });
    expect(texts?.email).to.include("?token=secret.token");
    expect(texts?.default).not.to.include("secret");
    expect(texts?.sms).not.to.include("secret");
  });
});
