import type {
  CreateTrainingJobRequest,
  DescribeTrainingJobRequest,
  StopTrainingJobRequest,
} from "@aws-sdk/client-sagemaker";
import { requireInstances } from "../jobs/hosts";
import { announceTrainingJob, enterStatus, outputPrefix } from "../jobs/training";
import { type Platform, arnOf } from "../platform";
import { notSupported, resourceInUse, validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type TrainingJobRecord, now } from "../records";
import { anyResource, operation } from "./operation";

const arn = (platform: Platform, name = "") => arnOf(platform.settings, "training-job", name);
const byName = {
  resource: ({ TrainingJobName }: { TrainingJobName?: string }, platform: Platform) =>
    arn(platform, TrainingJobName),
};

function find({ stores }: Platform, name = ""): Readonly<TrainingJobRecord> {
  const record = stores.trainingJobs.get(name);
  if (!record) throw validationException("Requested resource not found.");
  return record;
}

/** Refuses what cannot be run here, before anything is made. */
function requireSupported(request: CreateTrainingJobRequest): void {
  const { AlgorithmSpecification, ResourceConfig, InputDataConfig = [], OutputDataConfig } = request;
  if (!AlgorithmSpecification?.TrainingImage) {
    throw notSupported("training without AlgorithmSpecification.TrainingImage", "Name the image in it.");
  }
  if (
    AlgorithmSpecification.TrainingInputMode === "Pipe" ||
    InputDataConfig.some(({ InputMode }) => InputMode === "Pipe")
  ) {
    throw notSupported("the input mode Pipe", "Use File or FastFile.");
  }
  if (ResourceConfig?.InstanceGroups) {
    throw notSupported("ResourceConfig.InstanceGroups", "Set InstanceType and InstanceCount.");
  }
  requireInstances(ResourceConfig?.InstanceCount, ResourceConfig?.InstanceType, "training job");
  if (OutputDataConfig?.CompressionType === "NONE") {
    throw notSupported("OutputDataConfig.CompressionType NONE", "Use GZIP.");
  }
  for (const { ChannelName, DataSource } of InputDataConfig) {
    const type = DataSource?.S3DataSource?.S3DataType;
    if (type === "S3Prefix" || type === "ManifestFile") continue;
    throw notSupported(
      `the data source of channel '${ChannelName}'`,
      "Use an S3DataSource of S3Prefix or ManifestFile.",
    );
  }
  for (const { Name, Regex = "" } of AlgorithmSpecification.MetricDefinitions ?? []) {
    try {
      new RegExp(Regex);
    } catch (error) {
      throw validationException(
        `Invalid regex in the metric definition '${Name}': ${(error as Error).message}`,
      );
    }
  }
}

const create = operation<CreateTrainingJobRequest>({
  ...byName,
  passedRole: ({ RoleArn }) => RoleArn,
  async run(request, platform) {
    const { TrainingJobName: name = "" } = request;
    requireSupported(request);
    await platform.cloud.requireRole(request.RoleArn ?? "");
    if (platform.stores.trainingJobs.get(name)) {
      throw resourceInUse(
        `Training job names must be unique within an AWS account and region, and a training job with this name already exists (${arn(platform, name)})`,
      );
    }
    const time = now();
    const record: TrainingJobRecord = {
      ...request,
      ...{ arn: arn(platform, name), tags: request.Tags ?? [], TrainingJobArn: arn(platform, name) },
      ...{
        TrainingJobStatus: "InProgress",
        SecondaryStatus: "Starting",
        CreationTime: time,
        LastModifiedTime: time,
      },
      SecondaryStatusTransitions: [
        { Status: "Starting", StartTime: time, StatusMessage: "Preparing the instances for training" },
      ],
      ModelArtifacts: { S3ModelArtifacts: `${outputPrefix(request)}/model.tar.gz` },
    };
    platform.stores.trainingJobs.put(name, record);
    announceTrainingJob(platform.events, record);
    platform.jobs.startTraining(name);
    return { TrainingJobArn: record.arn };
  },
});

const describe = operation<DescribeTrainingJobRequest>({
  ...byName,
  run: ({ TrainingJobName }, platform) =>
    platform.models.sagemaker.pick("DescribeTrainingJobResponse", find(platform, TrainingJobName)),
});

const list = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (job: TrainingJobRecord) => ({
      ...{ name: job.TrainingJobName ?? "", status: job.TrainingJobStatus },
      ...{ creationTime: job.CreationTime, lastModifiedTime: job.LastModifiedTime },
    });
    const { page, NextToken } = listPage(stores.trainingJobs.values(), input, keysOf, "Ascending");
    return {
      TrainingJobSummaries: page.map((job) => models.sagemaker.pick("TrainingJobSummary", job)),
      NextToken,
    };
  },
});

const stop = operation<StopTrainingJobRequest>({
  ...byName,
  run({ TrainingJobName: name = "" }, platform) {
    const { TrainingJobStatus } = find(platform, name);
    if (TrainingJobStatus === "Stopping") return {};
    if (TrainingJobStatus !== "InProgress") {
      throw validationException(
        `The request was rejected because the training job is in status ${TrainingJobStatus}.`,
      );
    }
    enterStatus(platform, name, "Stopping", { TrainingJobStatus: "Stopping" });
    platform.jobs.stopTraining(name);
    return {};
  },
});

export const trainingJobOperations = {
  CreateTrainingJob: create,
  DescribeTrainingJob: describe,
  ListTrainingJobs: list,
  StopTrainingJob: stop,
};
