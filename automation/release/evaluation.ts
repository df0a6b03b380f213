import {
  CreateModelCommand,
  CreateTransformJobCommand,
  DeleteModelCommand,
  DescribeTransformJobCommand,
  ListTransformJobsCommand,
  paginateListModels,
  type SageMakerClient,
  StopTransformJobCommand,
} from "@aws-sdk/client-sagemaker";
import { type Progress } from "../output";
import { holdout, type JobKind, listed, newestFirst, processedPrefix, runJob, s3Uri } from "./jobs";
import { isMissing } from "./clients";
import { type ReleaseContext } from "./context";
import { releasePrefix, type ReleaseRecord } from "./record";

/** Where the answers of a model to a challenger's held-out rows are. */
export const evaluationPrefix = (challenger: string, model: string) =>
  `${releasePrefix(challenger)}evaluation/${model}/`;

/**
 * Has `model` answer the held-out rows of `challenger` in a batch transform job: whatever the container is, it shows
 * before any deployment that it serves at all, and how well. An evaluation that was made before is not made again.
 * @throws JobFailed when the container does not come up or refuses the rows.
 */
export async function evaluate(
  { stack, clients, outputs, pollSeconds }: ReleaseContext,
  challenger: ReleaseRecord,
  model: ReleaseRecord,
  progress: Progress,
): Promise<void> {
  const { id: releaseId, ingredients } = challenger;
  const work = { stack: stack.name, outputs, releaseId, ingredients };
  const name = `${outputs.jobPrefix}evaluate-${releaseId}-${model.id}`;
  try {
    await runJob(evaluation(model, name), clients.sagemaker, work, pollSeconds, progress);
  } finally {
    await deleteModel(clients.sagemaker, name);
  }
}

/** Batch transform of `model` under the name `modelName`, which the job has for as long as it runs. */
const evaluation = (model: ReleaseRecord, modelName: string): JobKind => ({
  kind: "evaluate",
  of: model.id,
  async newest(client, prefix, status) {
    const command = new ListTransformJobsCommand({
      NameContains: prefix,
      StatusEquals: status,
      ...newestFirst,
    });
    const [job] = (await client.send(command)).TransformJobSummaries ?? [];
    return listed(job?.TransformJobName, job?.CreationTime, job?.TransformEndTime);
  },
  async create(client, name, { outputs, releaseId }) {
    await deleteModel(client, modelName); // of an evaluation that was killed
    await client.send(
      new CreateModelCommand({
        ModelName: modelName,
        ExecutionRoleArn: outputs.jobsRoleArn,
        PrimaryContainer: {
          Image: model.ingredients.imageUri,
          ModelDataUrl: model.modelDataUrl,
          Environment: { RELEASE_ID: model.id },
        },
      }),
    );
    return client.send(
      new CreateTransformJobCommand({
        TransformJobName: name,
        ModelName: modelName,
        BatchStrategy: "MultiRecord",
        TransformInput: {
          ContentType: "application/jsonlines",
          SplitType: "Line",
          DataSource: {
            S3DataSource: {
              S3DataType: "S3Prefix",
              S3Uri: s3Uri(outputs.dataBucket, processedPrefix(releaseId, holdout)),
            },
          },
        },
        TransformOutput: {
          S3OutputPath: s3Uri(outputs.dataBucket, evaluationPrefix(releaseId, model.id)),
          Accept: "application/jsonlines",
          AssembleWith: "Line",
        },
        TransformResources: {
          InstanceCount: 1,
          InstanceType: outputs.trainingInstanceType as "ml.m5.large",
        },
      }),
    );
  },
  async look(client, name) {
    const job = await client.send(new DescribeTransformJobCommand({ TransformJobName: name }));
    return {
      status: job.TransformJobStatus ?? "InProgress",
      detail: `${model.id} ${job.TransformJobStatus ?? ""}`,
      failureReason: job.FailureReason,
      metrics: {},
    };
  },
  stop: (client, name) => client.send(new StopTransformJobCommand({ TransformJobName: name })),
});

/** Deletes what killed evaluations have left of a stack's models. */
export async function deleteEvaluationModels(client: SageMakerClient, jobPrefix: string): Promise<void> {
  const prefix = `${jobPrefix}evaluate-`;
  for await (const page of paginateListModels({ client }, { NameContains: prefix })) {
    for (const { ModelName = "" } of page.Models ?? [])
      if (ModelName.startsWith(prefix)) await deleteModel(client, ModelName);
  }
}

/** Deletes a model, if there is one of this name. */
async function deleteModel(client: SageMakerClient, ModelName: string): Promise<void> {
  try {
    await client.send(new DeleteModelCommand({ ModelName }));
  } catch (error) {
    if (!isMissing(error as Error)) throw error;
  }
}
