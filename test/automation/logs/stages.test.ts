import { ListTrainingJobsCommand, SageMakerClient } from "@aws-sdk/client-sagemaker";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { stagesOf } from "../../../automation/logs/stages";
import { type Outputs } from "../../../automation/outputs";
import { type Clients } from "../../../automation/release/clients";

const logGroups = { predict: "/aws/lambda/slipway-dev-predict", training: "/aws/sagemaker/TrainingJobs" };
const outputs = { jobPrefix: "slipway-dev-", monitoring: { logGroups } } as unknown as Outputs;

describe("automation/logs/stages", () => {
  const client = new SageMakerClient({ region: "us-east-1" });
  const sagemaker = mockClient(client);
  const clients = { sagemaker: client } as unknown as Clients;

  it("has all that the stack says, or the one that is named", () => {
    expect(stagesOf("dev", outputs, clients, undefined).map(({ name }) => name)).to.deep.equal([
      ...["predict", "training"],
    ]);
    expect(stagesOf("dev", outputs, clients, "predict")).to.deep.equal([
      { name: "predict", group: logGroups.predict },
    ]);
  });

  it("takes the newest job of this stack, and none of another whose name has it in it", async () => {
    const names = ["my-slipway-dev-train-3", "slipway-dev-train-2", "slipway-dev-train-1"];
    sagemaker.on(ListTrainingJobsCommand).resolves({
      TrainingJobSummaries: names.map((TrainingJobName) => ({
        ...{ TrainingJobName, TrainingJobArn: "arn", CreationTime: new Date(0) },
        TrainingJobStatus: "Completed",
      })),
    });
    const [training] = stagesOf("dev", outputs, clients, "training");
    expect(await training?.newestJob?.()).to.equal("slipway-dev-train-2/");
  });

  it("names the stages that there are, and says when a stack names none", () => {
    expect(() => stagesOf("dev", outputs, clients, "predicts")).to.throw(
      "The stack 'dev' has no logs of a stage 'predicts'. There are: predict, training. Name one of them, or none for all.",
    );
    const old = { jobPrefix: "slipway-dev-" } as unknown as Outputs;
    expect(() => stagesOf("dev", old, clients, undefined)).to.throw("Run 'npx slipway up dev'");
  });
});
