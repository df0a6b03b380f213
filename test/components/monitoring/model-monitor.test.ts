import { expect } from "chai";
import { formatRelease } from "../../../components/release/current-release";
import program from "../../../index";
import { configuration, release } from "../configurations";
import { declare, failure, only } from "../mocks";

const watching = {
  ...{ "slipway:captureSharePercent": 20, "slipway:captureDays": 30 },
  ...{ "slipway:maxDrift": 0.25, "slipway:maxModelError": 3 },
};
const declared = (changes: Record<string, unknown>, stack = "main") =>
  declare(program, {
    stack,
    config: configuration(stack, changes),
    parameters: { [`/slipway/${stack}/release`]: formatRelease(release) },
  });

describe("the model monitor", () => {
  it("is not there, and nothing is captured, unless it is asked for", async () => {
    const all = await declared({});
    expect(all.filter(({ type }) => type === "slipway:model:ModelMonitor")).to.deep.equal([]);
    expect(only(all, "EndpointConfiguration").dataCaptureConfig).to.equal(undefined);
  });

  it("captures a share of the requests, encrypted, in a folder of the release that is emptied after some days", async () => {
    const all = await declared(watching);
    const capture = only(all, "EndpointConfiguration").dataCaptureConfig as Record<string, unknown>;
    expect(capture).to.include({ enableCapture: true, initialSamplingPercentage: 20 });
    expect(capture.destinationS3Uri).to.match(new RegExp(`^s3://\\S+/captured/${release.id}$`));
    expect(capture.kmsKeyId).to.be.a("string");
    expect(capture.captureOptions).to.deep.equal([{ captureMode: "InputAndOutput" }]);
    const rules = only(all, "BucketLifecycleConfiguration").rules as {
      id: string;
      expiration: { days: number };
    }[];
    for (const folder of ["captured", "labels"])
      expect(rules.find(({ id }) => id === folder)?.expiration).to.deep.equal({ days: 30 });
    const writing = all.filter(({ name }) => name === "data-endpoint-deliver-captured");
    expect(JSON.stringify(writing[0]!.inputs.policy))
      .to.include("/captured/*")
      .and.not.to.include("GetObject");
  });

  it("looks each hour with a Lambda that may read what it compares, and put metrics of its own namespace", async () => {
    const all = await declared(watching);
    const schedule = all.find(({ name }) => name === "monitor-schedule")!.inputs;
    expect(schedule).to.include({ scheduleExpression: "rate(1 hour)", name: "slipway-main-monitor" });
    const { variables } = only(all, "Function", "monitor-look-function").environment as {
      variables: Record<string, string>;
    };
    expect(variables).to.include({
      ...{ RELEASE_ID: release.id, CAPTURE_DAYS: "30" },
      CAPTURED_PREFIX: `captured/${release.id}/slipway-main-real-time/AllTraffic/`,
    });
    const policies = all.filter(
      ({ name }) => /-look-|-monitor-metrics/.test(name) && name.includes("monitor"),
    );
    const text = JSON.stringify(policies.map(({ inputs }) => inputs.policy));
    expect(text).to.include('cloudwatch:namespace\\":\\"Slipway').and.not.to.include("s3:PutObject");
  });

  it("rings with a limit, and without one never", async () => {
    const alarms = async (changes: Record<string, unknown>) =>
      (await declared(changes))
        .filter(({ type, name }) => type.endsWith(":MetricAlarm") && name.startsWith("monitor-"))
        .map(({ inputs }) => [inputs.name, inputs.metricName, inputs.threshold]);
    expect(await alarms(watching)).to.deep.equal([
      ["slipway-main-feature-drift", "FeatureDrift", 0.25],
      ["slipway-main-prediction-drift", "PredictionDrift", 0.25],
      ["slipway-main-model-error", "ModelError", 3],
    ]);
    expect(await alarms({ "slipway:captureSharePercent": 20 })).to.deep.equal([]);
  });

  it("says what cannot be, and what can", async () => {
    const message = (changes: Record<string, unknown>, stack?: string) =>
      failure(() => declared(changes, stack));
    expect(await message(watching, "dev")).to.equal(
      "captureSharePercent is 20: SageMaker captures nothing of a serverless endpoint: give 0, or the endpoint real-time",
    );
    expect(await message({ "slipway:maxDrift": 0.25 })).to.match(
      /^maxDrift is 0\.25: without captured requests/,
    );
    expect(await message({ ...watching, "slipway:monitorSchedule": "hourly" })).to.match(
      /^monitorSchedule is "hourly": write rate\(1 hour\)/,
    );
    expect(await message({ ...watching, "slipway:captureSharePercent": 0.5 })).to.match(/whole percentage/);
  });
});
