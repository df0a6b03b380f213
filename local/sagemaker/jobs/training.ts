import type { Channel, MetricDefinition } from "@aws-sdk/client-sagemaker";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { downloadManifest, downloadPrefix, uploadArchive } from "../aws/s3";
import { tagObject, withMilliseconds } from "../events";
import type { Foundation } from "../platform";
import { type StatusTransition, type TrainingJobRecord, now, shownOf } from "../records";
import { mergeFolders, shardOf } from "./hosts";
import {
  type Ending,
  type Host,
  JobFailure,
  JobRun,
  clipped,
  defaultMaxRuntimeSeconds,
  failureReason,
  interruptedReason,
  readReason,
} from "./job-run";

const maxFinalMetrics = 40;

const messages: Partial<Record<StatusTransition["Status"], string>> = {
  Starting: "Preparing the instances for training",
  Downloading: "Downloading input data",
  Training: "Training image download completed. Training in progress.",
  Stopping: "Stopping the training job",
  Uploading: "Uploading generated training model",
  Completed: "Training job completed",
  Failed: "Training job failed",
  Stopped: "Training job stopped",
  MaxRuntimeExceeded: "Training job runtime exceeded the limit",
};

/** A training job, from its first status to its last. */
export class TrainingJob {
  readonly run: JobRun;
  private readonly metrics: MetricScraper;

  constructor(
    private readonly platform: Foundation,
    private readonly name: string,
  ) {
    const record = this.record();
    const algorithm = record.AlgorithmSpecification;
    this.metrics = new MetricScraper(algorithm?.MetricDefinitions ?? []);
    this.run = new JobRun(
      platform,
      {
        kind: "training-job",
        name,
        roleArn: record.RoleArn ?? "",
        instanceCount: record.ResourceConfig?.InstanceCount ?? 1,
        imageUri: algorithm?.TrainingImage ?? "",
        entrypoint: algorithm?.ContainerEntrypoint,
        arguments: algorithm?.ContainerArguments ?? (algorithm?.ContainerEntrypoint ? [] : ["train"]),
        environment: {
          TRAINING_JOB_NAME: name,
          TRAINING_JOB_ARN: record.TrainingJobArn,
          AWS_REGION: platform.settings.region,
          ...record.Environment,
        },
        networkIsolation: record.EnableNetworkIsolation ?? false,
        maxRuntimeSeconds: record.StoppingCondition?.MaxRuntimeInSeconds ?? defaultMaxRuntimeSeconds,
        logGroup: "/aws/sagemaker/TrainingJobs",
      },
      (line) => this.metrics.read(line),
    );
  }

  /** Runs the job to its end; whatever goes wrong becomes its FailureReason. */
  async execute(): Promise<void> {
    let phase: "download" | "upload" = "download";
    try {
      this.enter("Downloading", { TrainingStartTime: now() });
      await this.prepare();
      if (!this.run.stopped) this.enter("Training");
      const ending: Ending = this.run.stopped ? { how: this.run.stopped } : await this.run.containers();
      phase = "upload";
      await this.upload(ending);
    } catch (error) {
      if (this.run.stopped === "interrupted") this.fail(interruptedReason);
      else if (this.run.stopped && phase === "download") this.finish("Stopped", "Stopped");
      else this.fail(failureReason(error, phase));
    } finally {
      await this.run.close();
    }
  }

  private async prepare(): Promise<void> {
    const record = this.record();
    const { hosts } = this.run;
    await this.run.prepare();
    const names = hosts.map(({ name }) => name);
    const network = this.platform.executor.sharesPorts ? "lo" : "eth0";
    for (const { name: host, ml } of hosts) {
      const config = join(ml, "input", "config");
      for (const folder of [config, join(ml, "model"), join(ml, "output", "data")])
        await mkdir(folder, { recursive: true });
      for (const [name, content] of Object.entries(configFiles(record, host, names, network)))
        await writeFile(join(config, name), JSON.stringify(content));
    }
    for (const channel of record.InputDataConfig ?? [])
      await Promise.all(hosts.map((_, index) => this.download(channel, index)));
  }

  /** A channel, or its part, for the host of this index. */
  private async download({ ChannelName, DataSource }: Channel, index: number): Promise<void> {
    const { S3Uri = "", S3DataType, S3DataDistributionType } = DataSource?.S3DataSource ?? {};
    const { hosts, session, signal } = this.run;
    const folder = join(hosts[index]?.ml ?? "", "input", "data", ChannelName ?? "");
    const download = S3DataType === "ManifestFile" ? downloadManifest : downloadPrefix;
    const shard = shardOf(S3DataDistributionType, index, hosts.length);
    await download(session, S3Uri, folder, { signal, shard });
  }

  /** Uploads what the container left and sets the last status: as on AWS, a stopped job keeps its model. */
  private async upload(ending: Ending): Promise<void> {
    if (ending.how === "interrupted") throw new JobFailure(interruptedReason);
    const failed = ending.how === "failed" ? algorithmError(ending) : undefined;
    if (!failed) this.enter("Uploading");
    const { OutputDataConfig, ModelArtifacts } = this.record();
    const key = OutputDataConfig?.KmsKeyId;
    const data = await this.merged("output", "data");
    if (existsSync(data) && (await readdir(data)).length > 0) {
      await uploadArchive(this.run.session, data, `${outputPrefix(this.record())}/output.tar.gz`, key);
    }
    if (failed) throw failed;
    const model = await this.merged("model");
    await uploadArchive(this.run.session, model, ModelArtifacts.S3ModelArtifacts, key);
    if (ending.how === "stopped") this.finish("Stopped", "Stopped");
    else if (ending.how === "timed out") this.finish("Stopped", "MaxRuntimeExceeded");
    else this.finish("Completed", "Completed");
  }

  /** A folder of all hosts, merged into one, as SageMaker does. */
  private async merged(...path: string[]): Promise<string> {
    const folders = this.run.hosts.map(({ ml }) => join(ml, ...path));
    await mergeFolders(folders);
    return folders[0] ?? "";
  }

  private fail(reason: string): void {
    this.finish("Failed", "Failed", reason);
  }

  private finish(
    status: "Completed" | "Failed" | "Stopped",
    secondary: StatusTransition["Status"],
    reason?: string,
  ): void {
    const end = now();
    const started = this.record().TrainingStartTime ?? end;
    const seconds = Math.max(1, Math.round(end - started));
    this.enter(secondary, {
      TrainingJobStatus: status,
      TrainingEndTime: end,
      TrainingTimeInSeconds: seconds,
      BillableTimeInSeconds: seconds,
      FinalMetricDataList: this.metrics.final(),
      ...(reason ? { FailureReason: clipped(reason) } : {}),
    });
  }

  private enter(secondary: StatusTransition["Status"], changes: Partial<TrainingJobRecord> = {}): void {
    enterStatus(this.platform, this.name, secondary, changes);
  }

  private record(): Readonly<TrainingJobRecord> {
    const record = this.platform.stores.trainingJobs.get(this.name);
    if (!record) throw new Error(`The training job '${this.name}' is not known.`);
    return record;
  }
}

/** Moves a training job to its next secondary status and announces it. */
export function enterStatus(
  { stores, events }: Pick<Foundation, "stores" | "events">,
  name: string,
  secondary: StatusTransition["Status"],
  changes: Partial<TrainingJobRecord> = {},
): void {
  const time = now();
  const before = stores.trainingJobs.get(name)?.SecondaryStatusTransitions ?? [];
  const closed = before.map((step) => ({ ...step, EndTime: step.EndTime ?? time }));
  const ends = changes.TrainingEndTime === undefined ? {} : { EndTime: time };
  const message = changes.FailureReason ?? messages[secondary] ?? secondary;
  const record = stores.trainingJobs.update(name, {
    ...changes,
    SecondaryStatus: secondary,
    SecondaryStatusTransitions: [
      ...closed,
      { Status: secondary, StartTime: time, ...ends, StatusMessage: message },
    ],
    LastModifiedTime: time,
  });
  announceTrainingJob(events, record);
}

export function announceTrainingJob(events: Foundation["events"], record: TrainingJobRecord): void {
  const detail = { ...withMilliseconds(shownOf(record)), Tags: tagObject(record.tags) };
  events.stateChange("SageMaker Training Job", record.arn, detail);
}

/** `<S3OutputPath>/<job>/output` */
export const outputPrefix = (record: Pick<TrainingJobRecord, "OutputDataConfig" | "TrainingJobName">) =>
  `${record.OutputDataConfig?.S3OutputPath?.replace(/\/+$/, "")}/${record.TrainingJobName}/output`;

/** What the failed host's container says, or else its last words. */
function algorithmError({ host, code }: { host: Host; code: number }): JobFailure {
  const reason = readReason(join(host.ml, "output", "failure"));
  const words =
    reason ??
    `the container wrote no /opt/ml/output/failure. Its last words: ${host.log.lastWords() || "none"}`;
  const ending = `, exit code: ${code}`;
  return new JobFailure(`AlgorithmError: ${words}`.slice(0, 1024 - ending.length) + ending);
}

/** What the container of `host` finds in input/config. */
function configFiles(
  record: Readonly<TrainingJobRecord>,
  host: string,
  hosts: string[],
  network: string,
): Record<string, unknown> {
  const instance = record.ResourceConfig?.InstanceType;
  const group = "homogeneousCluster";
  return {
    "hyperparameters.json": record.HyperParameters ?? {},
    "inputdataconfig.json": Object.fromEntries(
      (record.InputDataConfig ?? []).map((channel) => [channel.ChannelName ?? "", channelConfig(channel)]),
    ),
    "resourceconfig.json": {
      ...{ current_host: host, current_instance_type: instance, current_group_name: group, hosts },
      instance_groups: [{ instance_group_name: group, instance_type: instance, hosts }],
      network_interface_name: network,
    },
  };
}

/** A channel as the container finds it in inputdataconfig.json. */
function channelConfig({
  ContentType,
  RecordWrapperType,
  DataSource,
}: Channel): Record<string, string | undefined> {
  return {
    TrainingInputMode: "File",
    S3DistributionType: DataSource?.S3DataSource?.S3DataDistributionType ?? "FullyReplicated",
    RecordWrapperType: RecordWrapperType ?? "None",
    ContentType,
  };
}

/** Reads the newest value of each metric from a container's output. */
class MetricScraper {
  private readonly definitions: { name: string; regex: RegExp }[];
  private readonly values = new Map<string, { Value: number; Timestamp: number }>();

  constructor(definitions: MetricDefinition[]) {
    this.definitions = definitions.map(({ Name = "", Regex = "" }) => ({
      name: Name,
      regex: new RegExp(Regex),
    }));
  }

  read(line: string): void {
    for (const { name, regex } of this.definitions) {
      const Value = Number(regex.exec(line)?.[1] ?? NaN);
      if (Number.isFinite(Value)) this.values.set(name, { Value, Timestamp: now() });
    }
  }

  final(): TrainingJobRecord["FinalMetricDataList"] {
    return [...this.values]
      .slice(0, maxFinalMetrics)
      .map(([MetricName, value]) => ({ MetricName, ...value }));
  }
}
