import { expect } from "chai";
import { stripVTControlCharacters } from "node:util";
import { document, render } from "../../../automation/logs/render";

const line = (message: string) => ({
  stage: "predict",
  stream: "s",
  time: Date.UTC(2026, 10, 24, 8),
  message,
});
const shown = (message: string) => {
  const text = render(line(message), 8);
  return text && stripVTControlCharacters(text);
};
const start = "2026-11-24T08:00:00.000Z predict ";

describe("automation/logs/render", () => {
  it("shows a Lambda's record as level, message and fields, without what is for CloudWatch", () => {
    const record = {
      ...{ time: "2026-11-24T08:00:00.001Z", level: "info", message: "predicted", stack: "dev" },
      ...{ function: "predict", requestId: "q-1", Latency: 12.5, release: "0a", reason: "two words" },
      _aws: { Timestamp: 1, CloudWatchMetrics: [] },
    };
    expect(shown(JSON.stringify(record))).to.equal(
      `${start} info   predicted requestId=q-1 Latency=12.5 release=0a reason="two words"`,
    );
  });

  it("shows a text as it is, and leaves out Lambda's lines that say nothing", () => {
    expect(shown("metric train:rows=4503")).to.equal(`${start} metric train:rows=4503`);
    expect(shown("{ no JSON")).to.equal(`${start} { no JSON`);
    expect(shown("START RequestId: 1 Version: $LATEST")).to.equal(undefined);
    expect(shown("REPORT RequestId: 1\tDuration: 3 ms")).to.equal(
      `${start} report REPORT RequestId: 1  Duration: 3 ms`,
    );
  });

  it("shows an access and a state change in one line each", () => {
    const access = {
      requestId: "q",
      time: "1",
      method: "POST",
      path: "/predict",
      status: "200",
      refusal: "-",
    };
    expect(shown(JSON.stringify(access))).to.equal(`${start} access POST /predict 200 requestId=q`);
    const detail = { TrainingJobName: "fit", TrainingJobStatus: "Failed", Tags: {} };
    expect(shown(JSON.stringify({ "detail-type": "SageMaker Training Job State Change", detail }))).to.equal(
      `${start} event  SageMaker Training Job State Change TrainingJobName=fit TrainingJobStatus=Failed`,
    );
  });

  it("leaves JSON as JSON for programs", () => {
    expect(document(line('{"level":"warn"}')).message).to.deep.equal({ level: "warn" });
    expect(document(line("text"))).to.deep.equal({
      ...{ time: "2026-11-24T08:00:00.000Z", stage: "predict", stream: "s", message: "text" },
    });
  });
});
