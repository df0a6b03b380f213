import type {
  CreateProcessingJobRequest,
  DescribeProcessingJobRequest,
  StopProcessingJobRequest,
} from "@aws-sdk/client-sagemaker";
import { posix } from "node:path";
import { requireInstances } from "../jobs/hosts";
import { announceProcessingJob, updateProcessingJob } from "../jobs/processing";
import { type Platform, arnOf } from "../platform";
import { notSupported, resourceInUse, validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type ProcessingJobRecord, now } from "../records";
import { anyResource, operation } from "./operation";

const arn = (platform: Platform, name = "") => arnOf(platform.settings, "processing-job", name);
const byName = {
  resource: ({ ProcessingJobName }: { ProcessingJobName?: string }, platform: Platform) =>
    arn(platform, ProcessingJobName),
};

function find({ stores }: Platform, name = ""): Readonly<ProcessingJobRecord> {
  const record = stores.processingJobs.get(name);
  if (!record) throw validationException(`Could not find requested job with name: ${name}`);
  return record;
}

/** Refuses what cannot be run here, before anything is made. */
function requireSupported({
  ProcessingResources,
  ProcessingInputs = [],
  ProcessingOutputConfig,
}: CreateProcessingJobRequest): void {
  const { InstanceCount, InstanceType } = ProcessingResources?.ClusterConfig ?? {};
  requireInstances(InstanceCount, InstanceType, "processing job");
  for (const { InputName, S3Input } of ProcessingInputs) {
    if (!S3Input) throw notSupported(`the source of input '${InputName}'`, "Use an S3Input.");
    if (S3Input.S3InputMode === "Pipe") throw notSupported("the input mode Pipe", "Use File.");
    requireLocalPath(S3Input.LocalPath);
  }
  for (const { OutputName, S3Output } of ProcessingOutputConfig?.Outputs ?? []) {
    if (!S3Output) throw notSupported(`the target of output '${OutputName}'`, "Use an S3Output.");
    if (S3Output.S3UploadMode === "Continuous")
      throw notSupported("the upload mode Continuous", "Use EndOfJob.");
    requireLocalPath(S3Output.LocalPath);
  }
}

function requireLocalPath(path: string | undefined): void {
  if (path && posix.normalize(path).startsWith("/opt/ml/processing/")) return;
  throw validationException(`LocalPath must be a folder below /opt/ml/processing/, and is '${path}'.`);
}

const create = operation<CreateProcessingJobRequest>({
  ...byName,
  passedRole: ({ RoleArn }) => RoleArn,
  async run(request, platform) {
    const { ProcessingJobName: name = "" } = request;
    requireSupported(request);
    await platform.cloud.requireRole(request.RoleArn ?? "");
    if (platform.stores.processingJobs.get(name)) {
      throw resourceInUse(
        `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn(platform, name)})`,
      );
    }
    const time = now();
    const record: ProcessingJobRecord = {
      ...request,
      ...{ arn: arn(platform, name), tags: request.Tags ?? [], ProcessingJobArn: arn(platform, name) },
      ...{ ProcessingJobStatus: "InProgress", CreationTime: time, LastModifiedTime: time },
    };
    platform.stores.processingJobs.put(name, record);
    announceProcessingJob(platform.events, record);
    platform.jobs.startProcessing(name);
    return { ProcessingJobArn: record.arn };
  },
});

const describe = operation<DescribeProcessingJobRequest>({
  ...byName,
  run: ({ ProcessingJobName }, platform) =>
    platform.models.sagemaker.pick("DescribeProcessingJobResponse", find(platform, ProcessingJobName)),
});

const list = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (job: ProcessingJobRecord) => ({
      ...{ name: job.ProcessingJobName ?? "", status: job.ProcessingJobStatus },
      ...{ creationTime: job.CreationTime, lastModifiedTime: job.LastModifiedTime },
    });
    const { page, NextToken } = listPage(stores.processingJobs.values(), input, keysOf, "Ascending");
    return {
      ProcessingJobSummaries: page.map((job) => models.sagemaker.pick("ProcessingJobSummary", job)),
      NextToken,
    };
  },
});

const stop = operation<StopProcessingJobRequest>({
  ...byName,
  run({ ProcessingJobName: name = "" }, platform) {
    const { ProcessingJobStatus } = find(platform, name);
    if (ProcessingJobStatus === "Stopping") return {};
    if (ProcessingJobStatus !== "InProgress") {
      throw validationException(
        `The request was rejected because the processing job is in status ${ProcessingJobStatus}.`,
      );
    }
    updateProcessingJob(platform, name, { ProcessingJobStatus: "Stopping" });
    platform.jobs.stopProcessing(name);
    return {};
  },
});

export const processingJobOperations = {
  CreateProcessingJob: create,
  DescribeProcessingJob: describe,
  ListProcessingJobs: list,
  StopProcessingJob: stop,
};
