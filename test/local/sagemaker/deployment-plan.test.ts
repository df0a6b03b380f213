import type { DeploymentConfig, TrafficRoutingConfig } from "@aws-sdk/client-sagemaker";
import { expect } from "chai";
import { deploymentPlan } from "../../../local/sagemaker/endpoints/deployment-plan";

const config = (
  routing: Partial<TrafficRoutingConfig>,
  policy: NonNullable<Partial<DeploymentConfig["BlueGreenUpdatePolicy"]>> = {},
) => ({
  BlueGreenUpdatePolicy: {
    TrafficRoutingConfiguration: { Type: "ALL_AT_ONCE" as const, WaitIntervalInSeconds: 60, ...routing },
    ...policy,
  },
});
const size = (Type: "CAPACITY_PERCENT" | "INSTANCE_COUNT", Value: number) => ({ Type, Value });
const shares = (routing: Partial<TrafficRoutingConfig>, instances = 1) =>
  deploymentPlan(config(routing), instances).shares;

describe("the plan of a deployment", () => {
  it("is all traffic at once, with no waiting, when nothing is said", () => {
    expect(deploymentPlan({}, 1)).to.deep.equal({
      ...{ shares: [1], bakeMs: 0, terminationWaitMs: 0, timeoutMs: Infinity, alarms: [] },
    });
  });

  it("counts a canary in percent or in instances", () => {
    expect(shares({ Type: "CANARY", CanarySize: size("CAPACITY_PERCENT", 10) })).to.deep.equal([0.1, 1]);
    expect(shares({ Type: "CANARY", CanarySize: size("INSTANCE_COUNT", 1) }, 4)).to.deep.equal([0.25, 1]);
  });

  it("steps linearly, the last step being what is left", () => {
    const linear = (percent: number) =>
      shares({ Type: "LINEAR", LinearStepSize: size("CAPACITY_PERCENT", percent) });
    expect(linear(50)).to.deep.equal([0.5, 1]);
    expect(linear(40)).to.deep.equal([0.4, 0.8, 1]);
    expect(linear(10)).to.have.length(10);
  });

  for (const [what, deployment, message] of [
    [
      "a canary of more than half",
      config({ Type: "CANARY", CanarySize: size("INSTANCE_COUNT", 2) }),
      "2 of 3",
    ],
    ["a canary without a size", config({ Type: "CANARY" }), "CanarySize must be specified"],
    [
      "a size for another type",
      config({ CanarySize: size("CAPACITY_PERCENT", 10) }),
      "only be specified with the traffic routing type CANARY",
    ],
    [
      "linear steps below a tenth",
      config({ Type: "LINEAR", LinearStepSize: size("CAPACITY_PERCENT", 5) }),
      "must be 10 to 50 %",
    ],
    [
      "less time than it waits",
      config({}, { TerminationWaitInSeconds: 540, MaximumExecutionTimeoutInSeconds: 600 }),
      "which are 600 seconds",
    ],
    [
      "a rolling update",
      { RollingUpdatePolicy: { MaximumBatchSize: size("INSTANCE_COUNT", 1), WaitIntervalInSeconds: 0 } },
      "does not support RollingUpdatePolicy",
    ],
  ] as [string, DeploymentConfig, string][]) {
    it(`refuses ${what}`, () => {
      expect(() => deploymentPlan(deployment, 3)).to.throw(message);
    });
  }
});
