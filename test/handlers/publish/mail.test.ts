import { expect } from "chai";
import { asSubject, mailOf } from "../../../handlers/publish/mail";
import { duration, figure } from "../../../handlers/publish/figures";
import {
  alarm,
  classResults,
  dataRejected,
  deployed,
  pending,
  rejected,
  results,
  rolledBack,
} from "../examples";

const mail = (event: Parameters<typeof mailOf>[0]) => mailOf(event, { topic: "slipway-results" });

describe("handlers/publish/mail", () => {
  it("says who may stop it, in every mail", () => {
    for (const event of [results("q-1", [7]), deployed, rejected, pending, rolledBack, dataRejected, alarm]) {
      const { subject, body } = mail(event);
      expect(subject)
        .to.match(/^\[dev\] [\x20-\x7e]+$/)
        .and.have.length.below(101);
      expect(body)
        .to.match(/a subscriber of the topic slipway-results \(stack dev/)
        .and.match(/To stop these mails, follow the link that AWS puts below/);
      const page = "https://api.example.com/v1/unsubscribe";
      expect(mailOf(event, { topic: "slipway-results", unsubscribe: page }).body).to.include(
        `To stop these mails: ${page}`,
      );
      expect(body).not.to.match(/undefined|null|NaN|Infinity|\[object/);
    }
  });

  it("sums predictions up: how many, between what, the first few with inputs and units", () => {
    const { subject, body } = mail(results("q-1", [7.123, 1234.5, 20, 30]));
    expect(subject).to.equal("[dev] 4 predictions of fare: 7.12 to 1,234.50 USD");
    expect(body).to.match(/^4 predictions of fare were made in 1 request\.\n\n/);
    expect(body).to.include(
      [
        "Lowest:       7.12 USD",
        "Average:    322.91 USD",
        "Highest:  1,234.50 USD",
        "When:     2026-11-24 08:00:01 UTC",
        "Release:  r-1",
      ].join("\n"),
    );
    expect(body).to.match(
      /\n\* 7\.12 USD \(probably 6\.12 to 8\.12\)\n {2}pickup 2019-03-23 20:21:09, passengers 1, distance 1\.6 miles/,
    );
    expect(body)
      .to.match(/\n\* 20\.00 USD \(/)
      .and.not.match(/\n\* 30\.00 USD/);
  });

  it("says between when the results of a digest were asked for", () => {
    const event = results("q-1", [7]);
    const later = { ...event.detail.requests[0]!, time: "2026-11-24T08:05:00+01:00" };
    const { body } = mail({
      ...event,
      detail: { ...event.detail, requests: [...event.detail.requests, later] },
    });
    expect(body).to.match(/When: +2026-11-24 07:05:00 UTC to 2026-11-24 08:00:01 UTC/);
  });

  it("is short about a single prediction", () => {
    const { subject, body } = mail(results("q-1", [7.123]));
    expect(subject).to.equal("[dev] A prediction of fare: 7.12 USD");
    expect(body).to.match(/^One prediction of fare was made:\n\n\* 7\.12 USD/);
    const { body: linked } = mailOf(results("q-1", [7]), { topic: "t", api: "https://api.example.com/v1" });
    expect(linked).to.include("Ask for one yourself: https://api.example.com/v1/\n");
  });

  it("counts classes, and names each with its probability", () => {
    const values = ["setosa", "virginica", "setosa", "versicolor"];
    const { subject, body } = mail(classResults("q-1", values));
    expect(subject).to.equal("[dev] 4 predictions of kind: 2 setosa, 1 versicolor, 1 virginica");
    expect(body).to.include("setosa:      2 (50 %)\nversicolor:  1 (25 %)\n");
    expect(body).to.include("\n* setosa (98 %)\n  petal width 0.2\n");
    expect(body).not.to.match(/undefined|NaN|Average|probably/);
    expect(mail(classResults("q-1", ["virginica"])).subject).to.equal(
      "[dev] A prediction of kind: virginica",
    );
  });

  it("says how often a release names classes wrongly", () => {
    const metrics = { "test:error_rate": 0.0333, "test:error_rate_baseline": 0.7, "test:rows": 30 };
    const { body } = mail({ ...deployed, detail: { ...deployed.detail, metrics, unit: "", target: "kind" } });
    expect(body)
      .to.match(/Wrong on: +3\.3 % of 30 records that it had not seen\n/)
      .and.match(/To compare: +70 % when always naming the most frequent class\n/);
  });

  it("sets a release's error beside the baselines", () => {
    const { subject, body } = mail(deployed);
    expect(subject).to.equal("[dev] Release r-1 is in service");
    expect(body).to.match(/Released in: +3 min 20 s/);
    expect(body).to.match(/Learned from: +6,433 records in 1 file\n/);
    expect(body).to.match(/Off by: +1\.40 USD on average, on 1,286 records that it had not seen\n/);
    expect(body)
      .to.match(/To compare: +6\.49 USD when always guessing the median\n/)
      .and.match(/To compare: +1\.86 USD with a straight line on distance\n/);
    expect(body).to.include(deployed.detail.url);
  });

  it("announces a release without metrics all the same", () => {
    const { body } = mail({ ...deployed, detail: { ...deployed.detail, metrics: { "test:mae": null } } });
    expect(body)
      .to.match(/Release r-1 is in service/)
      .and.not.match(/Off by/);
  });

  it("says what is served after a release did not work out", () => {
    expect(mail(rejected).body)
      .to.match(/limit is 1\.50 USD/)
      .and.match(/In service: +release r-1\n/);
    expect(mail(rolledBack).body)
      .to.match(/12 requests/)
      .and.match(/In service: +no release: the API answers 503/);
  });

  it("tells people what to do about a release that waits, and where to read more", () => {
    const { subject, body } = mail(pending);
    expect(subject).to.equal("[dev] Release r-2 waits for approval");
    expect(body)
      .to.include("npx slipway approve main r-2")
      .and.include("npx slipway reject main r-2 --reason")
      .and.include("1.31 USD")
      .and.include("s3://data/releases/r-2/report.html");
    expect(mail(rejected).body).to.include("s3://data/releases/r-2/report.html");
  });

  it("counts rejected data", () => {
    expect(mail(dataRejected).subject).to.equal("[dev] 1,200 of 6,433 records rejected");
    expect(mail(dataRejected).body)
      .to.match(/Rejected: +1,200 records \(19 %\) of 6,433\n/)
      .and.match(/column distance is missing/);
  });

  it("tells how many records of a source were set aside, and why", () => {
    const detail = { source: "trips", origin: "s3://data/incoming/a", object: "rejected/trips/a.jsonl" };
    const reason = "3 times: the record is not JSON";
    const { subject, body } = mail({ ...dataRejected, detail: { ...detail, rejected: 3, read: 3, reason } });
    expect(subject).to.equal("[dev] The source trips has set 3 records aside");
    expect(body)
      .to.contain(reason)
      .and.contain("rejected/trips/a.jsonl")
      .and.contain("All others were landed");
  });

  it("says which input of a source was set aside, why, and what to do", () => {
    const detail = {
      ...{ reason: "s3://theirs/a.csv has no column 'fare'", rejected: 0, read: 0, source: "partner" },
      object: "rejected/partner/2026-11-24/a-0b.csv",
    };
    const { subject, body } = mail({ ...dataRejected, detail });
    expect(subject).to.equal("[dev] The source partner has set an input aside");
    expect(body)
      .to.include("s3://theirs/a.csv has no column 'fare'")
      .and.match(/In the data bucket: +rejected\/partner\/2026-11-24\/a-0b\.csv\n/)
      .and.include("send it again")
      .and.not.match(/record|undefined/);
  });

  it("begins with the word alarm when one rings, and not when none does any more", () => {
    expect(mail(alarm).subject).to.match(/^\[\w+\] Alarm: /);
    const detail = { ...alarm.detail, what: "No alarm rings any more" };
    expect(mail({ ...alarm, severity: "info", detail }).subject).to.match(/^\[\w+\] No alarm rings/);
  });

  it("links to more when there is more", () => {
    expect(mail(alarm).body)
      .to.match(/^Latency is above 500 ms\.\n\nWhen: +2026-11-24/)
      .and.include("More: https://example.com/alarm");
  });

  it("makes subjects that SNS takes", () => {
    expect(asSubject("Fährpreis – 7 €\nBcc: x")).to.equal("Fahrpreis ? 7 ? Bcc: x");
    expect(asSubject("x".repeat(101)))
      .to.have.length(100)
      .and.match(/x\.\.\.$/);
    expect(asSubject("x".repeat(100))).to.equal("x".repeat(100));
  });

  it("shows figures as people write them", () => {
    expect([1234.5, 0, -3, 0.1, 0.00123456].map(figure)).to.deep.equal([
      "1,234.50",
      "0.00",
      "-3.00",
      "0.10",
      "0.00123",
    ]);
    expect([0.4, 119, 120, 3661].map(duration)).to.deep.equal(["0 s", "119 s", "2 min 0 s", "61 min 1 s"]);
  });
});
