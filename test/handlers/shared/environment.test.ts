import { expect } from "chai";
import { readEnvironment, rules } from "../../../handlers/shared/environment";

describe("handlers/shared/environment", () => {
  const expected = { STACK: rules.stack, RESULTS_QUEUE_URL: rules.url, TOPIC_ARN: rules.topicArn };

  it("gives the settings that are asked for and no others", () => {
    const settings = {
      STACK: "pr-12",
      RESULTS_QUEUE_URL: "http://127.0.0.1:4566/000000000000/results",
      TOPIC_ARN: "arn:aws:sns:us-east-1:000000000000:slipway-results",
    };
    expect(readEnvironment(expected, { ...settings, HOME: "/home/somebody" })).to.deep.equal(settings);
  });

  it("names every variable that is missing or wrong, with its value and what it must be", () => {
    expect(() => readEnvironment(expected, { STACK: "", RESULTS_QUEUE_URL: "results" }))
      .to.throw(Error)
      .with.property("message")
      .that.matches(/STACK is "", but must be the name of the stack/)
      .and.matches(/RESULTS_QUEUE_URL is "results", but must be a URL/)
      .and.matches(/TOPIC_ARN is not set, but must be the ARN of an SNS topic/);
  });
});
