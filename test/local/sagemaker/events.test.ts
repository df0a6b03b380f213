import { expect } from "chai";
import { type Target, listen, target, train, until } from "./target";

describe("events of the local SageMaker", function () {
  this.timeout(60_000);
  let made: Target;
  before(async () => {
    made = await target();
  });

  it("reach EventBridge rules", async () => {
    const heard = await listen<Record<string, unknown>>(made, "failed", {
      source: ["aws.sagemaker"],
      "detail-type": ["SageMaker Training Job State Change"],
      detail: { TrainingJobStatus: ["Failed"], TrainingJobName: ["announced"] },
    });
    const job = await train(made, "announced", {
      HyperParameters: { mode: "fail" },
      Tags: [{ Key: "team", Value: "fares" }],
    });
    const [event] = await until(heard, ({ length }) => length > 0);
    expect(event!.resources).to.deep.equal([job.TrainingJobArn]);
    expect(event!.detail).to.deep.include({
      ...{ TrainingJobName: "announced", TrainingJobStatus: "Failed", SecondaryStatus: "Failed" },
      ...{ FailureReason: job.FailureReason, Tags: { team: "fares" } },
      CreationTime: job.CreationTime?.getTime(),
    });
  });
});
