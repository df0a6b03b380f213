import { expect } from "chai";
import { whyNoMail } from "../../automation/mail";
import { readStackConfig } from "../../automation/stack-config";

describe("automation/mail", () => {
  const why = (changes: Record<string, unknown>) =>
    whyNoMail({ ...readStackConfig("local"), ...changes }, "slipway");
  const subscribed = (more: object) => ({
    "slipway:emails": [],
    "slipway:subscribers": [{ protocol: "email", endpoint: "ann@example.com", ...more }],
  });

  it("knows that somebody gets an email about each prediction", () => {
    for (const changes of [{}, subscribed({}), subscribed({ kinds: ["alarm", "prediction.results"] })])
      expect(why(changes)).to.equal(undefined);
    expect(why({ "slipway:emails": '["ann@example.com"]' })).to.equal(undefined);
  });

  it("says which setting keeps it from everybody", () => {
    for (const rule of [{ above: 50 }, { share: 0.1 }, '{"share":0}'])
      expect(why({ "slipway:announcePredictions": rule })).to.contain("announcePredictions");
    for (const more of [{ minSeverity: "error" }, { kinds: ["alarm"] }, { protocol: "sqs" }])
      expect(why(subscribed(more))).to.contain("slipway:subscribers");
    expect(why({ "slipway:emails": [] })).to.contain("slipway:emails");
  });
});
