import type {
  CreateTransformJobRequest,
  DescribeTransformJobRequest,
  StopTransformJobRequest,
} from "@aws-sdk/client-sagemaker";
import { requireInstances } from "../jobs/hosts";
import { announceTransformJob, updateTransformJob } from "../jobs/transform";
import { type Platform, arnOf } from "../platform";
import { notSupported, resourceInUse, validationException } from "../protocol/errors";
import { type ListInput, listPage } from "../protocol/listing";
import { type TransformJobRecord, now } from "../records";
import { anyResource, operation } from "./operation";

/** As AWS: of all requests in flight together, and so of one. */
const maxMegabytesInFlight = 100;

const arn = (platform: Platform, name = "") => arnOf(platform.settings, "transform-job", name);
const byName = {
  resource: ({ TransformJobName }: { TransformJobName?: string }, platform: Platform) =>
    arn(platform, TransformJobName),
};

function find({ stores }: Platform, name = ""): Readonly<TransformJobRecord> {
  const record = stores.transformJobs.get(name);
  if (!record) throw validationException(`Could not find requested job with name: ${name}`);
  return record;
}

/** Refuses what cannot be run here, before anything is made. */
function requireSupported(request: CreateTransformJobRequest): void {
  const { TransformInput, TransformResources, DataProcessing, DataCaptureConfig } = request;
  const { SplitType = "None", CompressionType = "None", DataSource } = TransformInput ?? {};
  if (SplitType !== "None" && SplitType !== "Line")
    throw notSupported(`the SplitType ${SplitType}`, "Use Line or None.");
  if (CompressionType !== "None") throw notSupported("compressed input", "Set CompressionType to None.");
  if (!["S3Prefix", "ManifestFile"].includes(DataSource?.S3DataSource?.S3DataType ?? ""))
    throw notSupported("this data source", "Use an S3DataSource of S3Prefix or ManifestFile.");
  const { InputFilter = "$", OutputFilter = "$", JoinSource = "None" } = DataProcessing ?? {};
  if (InputFilter !== "$" || OutputFilter !== "$" || JoinSource !== "None")
    throw notSupported("DataProcessing", "Leave it out.");
  if (DataCaptureConfig) throw notSupported("DataCaptureConfig", "Leave it out.");
  if (request.MaxPayloadInMB === 0)
    throw notSupported("MaxPayloadInMB 0 (no limit)", `Give a number from 1 to ${maxMegabytesInFlight}.`);
  const megabytes = (request.MaxPayloadInMB ?? 0) * Math.max(1, request.MaxConcurrentTransforms ?? 1);
  if (megabytes > maxMegabytesInFlight) {
    throw validationException(
      `MaxConcurrentTransforms * MaxPayloadInMB cannot exceed ${maxMegabytesInFlight} MB, and is ${megabytes} MB.`,
    );
  }
  requireInstances(TransformResources?.InstanceCount, TransformResources?.InstanceType, "transform job");
}

const create = operation<CreateTransformJobRequest>({
  ...byName,
  run(request, platform) {
    const { TransformJobName: name = "", ModelName = "" } = request;
    requireSupported(request);
    if (!platform.stores.models.get(ModelName)) {
      throw validationException(`Could not find model "${arnOf(platform.settings, "model", ModelName)}".`);
    }
    if (platform.stores.transformJobs.get(name)) {
      throw resourceInUse(
        `Job name must be unique within an AWS account and region, and a job with this name already exists (${arn(platform, name)})`,
      );
    }
    const record: TransformJobRecord = {
      ...request,
      ...{ arn: arn(platform, name), tags: request.Tags ?? [], TransformJobArn: arn(platform, name) },
      ...{ TransformJobStatus: "InProgress", CreationTime: now() },
    };
    platform.stores.transformJobs.put(name, record);
    announceTransformJob(platform.events, record);
    platform.jobs.startTransform(name);
    return { TransformJobArn: record.arn };
  },
});

const describe = operation<DescribeTransformJobRequest>({
  ...byName,
  run: ({ TransformJobName }, platform) =>
    platform.models.sagemaker.pick("DescribeTransformJobResponse", find(platform, TransformJobName)),
});

const list = operation<ListInput>({
  resource: anyResource,
  run(input, { stores, models }) {
    const keysOf = (job: TransformJobRecord) => ({
      ...{ name: job.TransformJobName ?? "", status: job.TransformJobStatus },
      ...{ creationTime: job.CreationTime, lastModifiedTime: job.TransformEndTime },
    });
    const { page, NextToken } = listPage(stores.transformJobs.values(), input, keysOf, "Descending");
    return {
      TransformJobSummaries: page.map((job) => models.sagemaker.pick("TransformJobSummary", job)),
      NextToken,
    };
  },
});

const stop = operation<StopTransformJobRequest>({
  ...byName,
  run({ TransformJobName: name = "" }, platform) {
    const { TransformJobStatus } = find(platform, name);
    if (TransformJobStatus === "Stopping") return {};
    if (TransformJobStatus !== "InProgress") {
      throw validationException(
        `The request was rejected because the transform job is in status ${TransformJobStatus}.`,
      );
    }
    updateTransformJob(platform, name, { TransformJobStatus: "Stopping" });
    platform.jobs.stopTransform(name);
    return {};
  },
});

export const transformJobOperations = {
  CreateTransformJob: create,
  DescribeTransformJob: describe,
  ListTransformJobs: list,
  StopTransformJob: stop,
};
