import {
  CreateProcessingJobCommand,
  CreateTrainingJobCommand,
  DescribeProcessingJobCommand,
  DescribeTrainingJobCommand,
  ListProcessingJobsCommand,
  ListTrainingJobsCommand,
  type SageMakerClient,
  StopProcessingJobCommand,
  StopTrainingJobCommand,
} from "@aws-sdk/client-sagemaker";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { interruptSignal, interrupted } from "../interrupt";
import { type Progress } from "../output";
import { type Outputs } from "../outputs";
import { metricNames } from "./metrics";
import { releasePrefix } from "./record";
import { type Ingredients } from "./release-id";
import { snapshotDataPrefix } from "../data/snapshot";

/** Parts of the processed rows, each a channel of training. */
const channels = ["train", "validation", "test"] as const;

/** The test rows as requests, in their order. */
export const holdout = "holdout";

const volumeSizeInGB = 10;

/** How to start, look at and stop one kind of job. */
export interface JobKind {
  kind: "process" | "train" | "evaluate";
  /** What tells it from the release's other jobs of this kind. */
  of?: string;
  /** The newest job whose name has `prefix`. */
  newest(
    client: SageMakerClient,
    prefix: string,
    status: "InProgress" | "Completed",
  ): Promise<ListedJob | undefined>;
  create(client: SageMakerClient, name: string, work: JobWork): Promise<unknown>;
  look(client: SageMakerClient, name: string): Promise<JobState>;
  stop(client: SageMakerClient, name: string): Promise<unknown>;
}

export interface ListedJob {
  name: string;
  created?: Date | undefined;
  /** Undefined while it is under way. */
  ended?: Date | undefined;
}

/** A job of SageMaker's summary of it; undefined when there is none. */
export const listed = (name?: string, created?: Date, ended?: Date): ListedJob | undefined =>
  name === undefined ? undefined : { name, created, ended };

export interface JobState {
  /** `InProgress`, `Completed`, `Failed`, `Stopping`, `Stopped`. */
  status: string;
  /** What the job is doing now. */
  detail: string;
  failureReason?: string;
  modelDataUrl?: string;
  metrics: Record<string, number>;
}

/** A job that did not come to its end, with SageMaker's own words. */
export class JobFailed extends UserError {
  constructor(
    kind: JobKind["kind"],
    name: string,
    stack: string,
    /** `Failed` or `Stopped`. */
    readonly status: string,
    readonly reason = "it was stopped by somebody",
  ) {
    super(
      `The ${kind} job ${name} ${status.toLowerCase()}: ${reason}. 'npx slipway logs ${stack} ${stages[kind]}' shows what it ` +
        "has logged. Put it right, then run the same command again.",
    );
  }
}

/** What `slipway logs` calls the jobs. */
const stages = { process: "processing", train: "training", evaluate: "transform" };

export interface JobWork {
  stack: string;
  outputs: Outputs;
  releaseId: string;
  ingredients: Ingredients;
}

/**
 * Runs the job of this release and waits for it. One that has completed already is not run again, and one under way
 * is waited for, so that an interrupted release goes on where it was. When the user interrupts, a job that this call
 * started is stopped.
 */
export async function runJob(
  job: JobKind,
  client: SageMakerClient,
  work: JobWork,
  pollSeconds: number,
  progress: Progress,
): Promise<{ name: string; state: JobState }> {
  const prefix = [`${work.outputs.jobPrefix}${job.kind}`, work.releaseId, job.of].filter(Boolean).join("-");
  const known =
    (await job.newest(client, prefix, "Completed")) ?? (await job.newest(client, prefix, "InProgress"));
  const name = known?.name ?? `${prefix}-${Date.now().toString(36)}`;
  const lastTook = known?.ended
    ? undefined
    : timeOfLast(job, client, `${work.outputs.jobPrefix}${job.kind}-`);
  if (!known) await job.create(client, name, work);
  const since = known?.created ?? new Date();
  for (;;) {
    const state = await job.look(client, name);
    if (state.status === "Completed") return { name, state };
    if (state.status === "Failed" || state.status === "Stopped") {
      throw new JobFailed(job.kind, name, work.stack, state.status, state.failureReason);
    }
    const lastMs = await lastTook;
    progress.now(state.detail, lastMs ? { since, lastMs } : undefined);
    await sleep(pollSeconds * 1000, undefined, { signal: interruptSignal }).catch(() => undefined);
    if (interruptSignal.aborted) {
      if (!known) await job.stop(client, name);
      throw interrupted();
    }
  }
}

/** Milliseconds from creation to end of the newest completed job of a kind; undefined when there is none, or it may not be asked. */
async function timeOfLast(
  job: JobKind,
  client: SageMakerClient,
  prefix: string,
): Promise<number | undefined> {
  const last = await job.newest(client, prefix, "Completed").catch(() => undefined);
  if (!last?.name.startsWith(prefix)) return undefined; // SageMaker finds names that contain it, too
  return last.created && last.ended && last.ended.getTime() - last.created.getTime();
}

export const s3Uri = (bucket: string, prefix: string) => `s3://${bucket}/${prefix}`;
export const processedPrefix = (id: string, part: string) => `${releasePrefix(id)}processed/${part}/`;
export const newestFirst = { SortBy: "CreationTime", SortOrder: "Descending", MaxResults: 1 } as const;

/** Validates the snapshot's rows and splits them; what it rejects is in the report. */
export const processing: JobKind = {
  kind: "process",
  async newest(client, prefix, status) {
    const command = new ListProcessingJobsCommand({
      NameContains: prefix,
      StatusEquals: status,
      ...newestFirst,
    });
    const [job] = (await client.send(command)).ProcessingJobSummaries ?? [];
    return listed(job?.ProcessingJobName, job?.CreationTime, job?.ProcessingEndTime);
  },
  create: (client, name, { outputs, releaseId, ingredients }) =>
    client.send(
      new CreateProcessingJobCommand({
        ProcessingJobName: name,
        RoleArn: outputs.jobsRoleArn,
        AppSpecification: { ImageUri: ingredients.imageUri, ContainerArguments: ["process"] },
        ProcessingInputs: [
          {
            InputName: "raw",
            S3Input: {
              S3Uri: s3Uri(outputs.dataBucket, snapshotDataPrefix(ingredients.snapshot)),
              LocalPath: "/opt/ml/processing/input/raw",
              S3DataType: "S3Prefix",
              S3InputMode: "File",
            },
          },
        ],
        ProcessingOutputConfig: {
          Outputs: [...channels, holdout, "report"].map((part) => ({
            OutputName: part,
            S3Output: {
              S3Uri: s3Uri(outputs.dataBucket, processedPrefix(releaseId, part)),
              LocalPath: `/opt/ml/processing/output/${part}`,
              S3UploadMode: "EndOfJob" as const,
            },
          })),
        },
        ProcessingResources: {
          ClusterConfig: {
            InstanceCount: 1,
            InstanceType: outputs.trainingInstanceType as "ml.m5.large",
            VolumeSizeInGB: volumeSizeInGB,
          },
        },
        StoppingCondition: { MaxRuntimeInSeconds: outputs.maxRuntimeInSeconds },
      }),
    ),
  async look(client, name) {
    const job = await client.send(new DescribeProcessingJobCommand({ ProcessingJobName: name }));
    return {
      status: job.ProcessingJobStatus ?? "InProgress",
      detail: job.ProcessingJobStatus ?? "",
      failureReason: job.ExitMessage ?? job.FailureReason,
      metrics: {},
    };
  },
  stop: (client, name) => client.send(new StopProcessingJobCommand({ ProcessingJobName: name })),
};

/** Trains on the processed rows. */
export const training: JobKind = {
  kind: "train",
  async newest(client, prefix, status) {
    const command = new ListTrainingJobsCommand({
      NameContains: prefix,
      StatusEquals: status,
      ...newestFirst,
    });
    const [job] = (await client.send(command)).TrainingJobSummaries ?? [];
    return listed(job?.TrainingJobName, job?.CreationTime, job?.TrainingEndTime);
  },
  create: (client, name, { outputs, releaseId, ingredients }) =>
    client.send(
      new CreateTrainingJobCommand({
        TrainingJobName: name,
        RoleArn: outputs.jobsRoleArn,
        AlgorithmSpecification: {
          TrainingImage: ingredients.imageUri,
          TrainingInputMode: "File",
          MetricDefinitions: metricNames.map((Name) => ({ Name, Regex: `metric ${Name}=([-+0-9.eE]+)` })),
        },
        HyperParameters: ingredients.hyperparameters,
        InputDataConfig: channels.map((part) => ({
          ChannelName: part,
          ContentType: "text/csv",
          DataSource: {
            S3DataSource: {
              S3DataType: "S3Prefix",
              S3Uri: s3Uri(outputs.dataBucket, processedPrefix(releaseId, part)),
              S3DataDistributionType: "FullyReplicated",
            },
          },
        })),
        OutputDataConfig: { S3OutputPath: s3Uri(outputs.dataBucket, `${releasePrefix(releaseId)}training`) },
        ResourceConfig: {
          InstanceCount: outputs.trainingInstanceCount,
          InstanceType: outputs.trainingInstanceType as "ml.m5.large",
          VolumeSizeInGB: volumeSizeInGB,
        },
        StoppingCondition: { MaxRuntimeInSeconds: outputs.maxRuntimeInSeconds },
      }),
    ),
  async look(client, name) {
    const job = await client.send(new DescribeTrainingJobCommand({ TrainingJobName: name }));
    const metrics = (job.FinalMetricDataList ?? []).map(({ MetricName, Value }) => [MetricName, Value]);
    return {
      status: job.TrainingJobStatus ?? "InProgress",
      detail: job.SecondaryStatus ?? "",
      failureReason:
        job.FailureReason ??
        (job.SecondaryStatus === "MaxRuntimeExceeded"
          ? `it ran longer than ${job.StoppingCondition?.MaxRuntimeInSeconds} s (maxRuntimeInSeconds)`
          : undefined),
      modelDataUrl: job.ModelArtifacts?.S3ModelArtifacts,
      metrics: Object.fromEntries(metrics) as Record<string, number>,
    };
  },
  stop: (client, name) => client.send(new StopTrainingJobCommand({ TrainingJobName: name })),
};
