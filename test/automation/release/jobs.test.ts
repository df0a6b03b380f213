import {
  CreateTrainingJobCommand,
  DescribeTrainingJobCommand,
  ListTrainingJobsCommand,
  type ListTrainingJobsCommandInput,
  SageMakerClient,
} from "@aws-sdk/client-sagemaker";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { type Outputs } from "../../../automation/outputs";
import { type Pace } from "../../../automation/pace";
import { type JobWork, runJob, training } from "../../../automation/release/jobs";

const ended = new Date("2026-11-24T08:05:00Z");
const earlier = { TrainingJobName: "slipway-dev-train-0a", CreationTime: new Date("2026-11-24T08:00:00Z") };
const running = { TrainingJobName: "slipway-dev-train-r1-x", CreationTime: new Date("2026-11-24T09:00:00Z") };
const work = {
  outputs: { jobPrefix: "slipway-dev-", dataBucket: "data" },
  releaseId: "r1",
  ingredients: { hyperparameters: {} },
} as unknown as JobWork & { outputs: Outputs };

/** Trains while SageMaker says so of one look, and returns what was told meanwhile. */
async function told(list: (input: ListTrainingJobsCommandInput) => object): Promise<(Pace | undefined)[]> {
  const client = new SageMakerClient({ region: "us-east-1" });
  const sagemaker = mockClient(client);
  sagemaker.on(ListTrainingJobsCommand).callsFake(list);
  sagemaker.on(CreateTrainingJobCommand).resolves({});
  sagemaker
    .on(DescribeTrainingJobCommand)
    .resolvesOnce({ TrainingJobStatus: "InProgress", SecondaryStatus: "Training" })
    .resolves({ TrainingJobStatus: "Completed" });
  const paces: (Pace | undefined)[] = [];
  const progress = { now: (_: string, pace?: Pace) => void paces.push(pace), result: () => undefined };
  await runJob(training, client, work, 0, progress);
  return paces;
}

const summaries = (...jobs: object[]) => ({ TrainingJobSummaries: jobs });

describe("waiting for a job", () => {
  const ofStack = ({ NameContains, StatusEquals }: ListTrainingJobsCommandInput) =>
    NameContains === "slipway-dev-train-" && StatusEquals === "Completed";

  it("is measured by the newest completed job of its kind of the stack", async () => {
    const before = Date.now();
    const [pace, ...more] = await told((input) =>
      summaries(...(ofStack(input) ? [{ ...earlier, TrainingEndTime: ended }] : [])),
    );
    expect(more).to.deep.equal([]);
    expect(pace?.lastMs).to.equal(300_000);
    expect(pace?.since.getTime()).to.be.within(before, Date.now());
  });

  it("counts from the beginning of a job that was under way already", async () => {
    const [pace] = await told((input) =>
      ofStack(input)
        ? summaries({ ...earlier, TrainingEndTime: ended })
        : summaries(...(input.StatusEquals === "InProgress" ? [running] : [])),
    );
    expect(pace?.since).to.deep.equal(running.CreationTime);
  });

  it("has no measure without such a job, or where it may not be asked for, and goes on", async () => {
    expect(await told(() => summaries())).to.deep.equal([undefined]);
    const ofAnother = { ...earlier, TrainingJobName: "my-slipway-dev-train-0a", TrainingEndTime: ended };
    expect(await told((input) => summaries(...(ofStack(input) ? [ofAnother] : [])))).to.deep.equal([
      undefined,
    ]);
    const refused = (input: ListTrainingJobsCommandInput) => {
      if (ofStack(input)) throw new Error("User is not authorized to perform: sagemaker:ListTrainingJobs");
      return summaries();
    };
    expect(await told(refused)).to.deep.equal([undefined]);
  });
});
