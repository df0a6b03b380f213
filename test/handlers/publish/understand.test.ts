import { expect } from "chai";
import { understand } from "../../../handlers/publish/understand";
import { alarm } from "../examples";

/** As in AWS's documentation of SageMaker's events. */
const stateChange = (detailType: string, detail: object) =>
  JSON.stringify({
    version: "0",
    id: "844e2571-85d4-695f-b930-0153b71dcb42",
    "detail-type": detailType,
    source: "aws.sagemaker",
    account: "123456789012",
    time: "2018-10-06T12:26:13Z",
    region: "us-east-1",
    resources: ["arn:aws:sagemaker:us-east-1:123456789012:training-job/xyz"],
    detail,
  });

describe("handlers/publish/understand", () => {
  it("takes Slipway's own events", () => {
    expect(understand(JSON.stringify(alarm), "dev")).to.deep.equal(alarm);
  });

  for (const [detailType, detail, what, reason] of [
    [
      "SageMaker Training Job State Change",
      { TrainingJobName: "fit-1", TrainingJobStatus: "Failed", FailureReason: "AlgorithmError: no rows" },
      "The training job fit-1 failed",
      "AlgorithmError: no rows",
    ],
    [
      "SageMaker Processing Job State Change",
      { ProcessingJobName: "clean-1", ProcessingJobStatus: "Failed", ExitMessage: "7 % of the rows are bad" },
      "The processing job clean-1 failed",
      "7 % of the rows are bad",
    ],
    [
      "SageMaker Endpoint State Change",
      { EndpointName: "slipway-dev", EndpointStatus: "FAILED" },
      "The endpoint slipway-dev failed",
      "SageMaker gives none; its status is FAILED.",
    ],
  ] as const) {
    it(`makes an alarm of ${detailType} when it failed`, () => {
      expect(understand(stateChange(detailType, detail), "dev")).to.deep.equal({
        kind: "alarm",
        stack: "dev",
        severity: "error",
        time: "2018-10-06T12:26:13Z",
        id: "844e2571-85d4-695f-b930-0153b71dcb42",
        detail: { what, reason },
      });
    });
  }

  const alarmChange = (value: string, change: object = {}) =>
    JSON.stringify({
      ...{ id: "c4c1c1c9", source: "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change" },
      ...{ account: "123456789012", time: "2026-11-24T12:26:13Z", region: "us-east-1" },
      resources: ["arn:aws:cloudwatch:us-east-1:123456789012:alarm:slipway-dev-real-time-errors"],
      detail: {
        alarmName: "slipway-dev-real-time-errors",
        configuration: { description: "More than 1 % of the requests end in a server error." },
        state: { value, reason: "Threshold Crossed: [0.2] GreaterThanThreshold 0.01." },
        previousState: { value: "OK" },
        ...change,
      },
    });

  it("makes an alarm of a CloudWatch alarm that rings, and nothing of one that never has", () => {
    expect(understand(alarmChange("ALARM"), "dev")).to.deep.equal({
      ...{ kind: "alarm", stack: "dev", severity: "error", time: "2026-11-24T12:26:13Z", id: "c4c1c1c9" },
      detail: {
        what: "The alarm slipway-dev-real-time-errors rings",
        reason:
          "More than 1 % of the requests end in a server error. Threshold Crossed: [0.2] GreaterThanThreshold 0.01.",
      },
    });
    expect(understand(alarmChange("OK"), "dev")).to.equal(undefined);
  });

  it("tells that no alarm rings any more, and for how long any did", () => {
    const at = (minute: string) => `2026-11-24T12:${minute}:13.000+0000`;
    const quiet = (change: object) => understand(alarmChange("OK", change), "dev");
    const state = { value: "OK", reason: "arn:... transitioned to OK", timestamp: at("26") };
    expect(quiet({ state, previousState: { value: "ALARM", timestamp: at("14") } })).to.deep.equal({
      ...{ kind: "alarm", stack: "dev", severity: "info", time: "2026-11-24T12:26:13Z", id: "c4c1c1c9" },
      detail: { what: "No alarm rings any more", reason: "All is quiet after 12 min 0 s." },
    });
    expect(quiet({ previousState: { value: "ALARM" } })?.detail).to.include({
      reason: "All is quiet again.",
    });
    expect(quiet({ previousState: { value: "INSUFFICIENT_DATA" } })).to.equal(undefined);
  });

  it("has nothing to tell of a job that has not failed", () => {
    const detail = { TrainingJobName: "fit-1", TrainingJobStatus: "Completed" };
    expect(understand(stateChange("SageMaker Training Job State Change", detail), "dev")).to.equal(undefined);
  });

  it("says what it does not understand", () => {
    const error = (body: string) =>
      expect(() => understand(body, "dev"))
        .to.throw(Error)
        .with.property("message");
    error("alarm!").that.matches(/not JSON/);
    error(JSON.stringify({ kind: "alarm" })).that.matches(/stack: /);
    error(stateChange("SageMaker Model State Change", {})).that.matches(/SageMaker Model State Change/);
    error(stateChange("SageMaker Endpoint State Change", {})).that.matches(/without EndpointName/);
  });
});
