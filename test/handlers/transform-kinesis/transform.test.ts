import { type FirehoseTransformationEvent } from "aws-lambda";
import { expect } from "chai";
import { RecordCheck } from "../../../handlers/shared/record-check";
import { recordSchema } from "../../../handlers/shared/schema";
import { transform } from "../../../handlers/transform-kinesis/transform";
import { recordingLog } from "../examples";

const trip = { pickup: "2019-03-23 20:21:09", passengers: 1, distance: 1.6, fare: 7, color: "yellow" };
const base64 = (text: string) => Buffer.from(text).toString("base64");
const eventOf = (...texts: string[]): FirehoseTransformationEvent => ({
  ...{ invocationId: "i", deliveryStreamArn: "arn", region: "us-east-1" },
  records: texts.map((text, index) => ({
    recordId: `r${index}`,
    approximateArrivalTimestamp: 0,
    data: base64(text),
  })),
});

describe("transformation of a stream's records", () => {
  const check = new RecordCheck(recordSchema);

  it("answers each record in order: a line of those that fit, the others as they are", () => {
    const text = JSON.stringify(trip);
    const { log } = recordingLog();
    expect(transform(eventOf(text, "poison", text), check, log)).to.deep.equal({
      records: [
        { recordId: "r0", result: "Ok", data: base64(`${text}\n`) },
        { recordId: "r1", result: "ProcessingFailed", data: base64("poison") },
        { recordId: "r2", result: "Ok", data: base64(`${text}\n`) },
      ],
    });
  });

  it("logs why, once for each reason, and nothing of the data", () => {
    const { log, records, text } = recordingLog();
    const bad = (fare: number) => JSON.stringify({ ...trip, fare });
    transform(eventOf(bad(-41.5), bad(-42.5), "no JSON"), check, log);
    expect(records.map(({ reason, count }) => [reason, count])).to.deep.equal([
      ["fare must be greater than 0", 2],
      ["the record is not JSON", 1],
    ]);
    expect(text()).to.not.contain("41.5");
  });
});
