import type { ProcessingInput } from "@aws-sdk/client-sagemaker";
import { mkdir, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { downloadManifest, downloadPrefix, uploadFolder } from "../aws/s3";
import { tagObject, withMilliseconds } from "../events";
import { mlPrefix } from "../executors/executor";
import type { Foundation } from "../platform";
import { type ProcessingJobRecord, now, shownOf } from "../records";
import { shardOf } from "./hosts";
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

/** A processing job, from its first status to its last. */
export class ProcessingJob {
  readonly run: JobRun;
  private failed: Host | undefined;

  constructor(
    private readonly platform: Foundation,
    private readonly name: string,
  ) {
    const record = this.record();
    this.run = new JobRun(
      platform,
      {
        kind: "processing-job",
        name,
        roleArn: record.RoleArn ?? "",
        instanceCount: record.ProcessingResources?.ClusterConfig?.InstanceCount ?? 1,
        imageUri: record.AppSpecification?.ImageUri ?? "",
        entrypoint: record.AppSpecification?.ContainerEntrypoint,
        arguments: record.AppSpecification?.ContainerArguments ?? [],
        environment: { AWS_REGION: platform.settings.region, ...record.Environment },
        networkIsolation: record.NetworkConfig?.EnableNetworkIsolation ?? false,
        maxRuntimeSeconds: record.StoppingCondition?.MaxRuntimeInSeconds ?? defaultMaxRuntimeSeconds,
        logGroup: "/aws/sagemaker/ProcessingJobs",
      },
      () => undefined,
    );
  }

  /** Runs the job to its end; whatever goes wrong becomes its FailureReason. */
  async execute(): Promise<void> {
    let phase: "download" | "upload" = "download";
    try {
      await this.prepare();
      this.update({ ProcessingStartTime: now() });
      const ending: Ending = this.run.stopped ? { how: this.run.stopped } : await this.run.containers();
      phase = "upload";
      await this.conclude(ending);
    } catch (error) {
      if (this.run.stopped === "interrupted") this.finish("Failed", { FailureReason: interruptedReason });
      else if (this.run.stopped && phase === "download") this.finish("Stopped");
      else this.finish("Failed", { FailureReason: failureReason(error, phase), ...this.exitMessage() });
    } finally {
      await this.run.close();
    }
  }

  private async prepare(): Promise<void> {
    const record = this.record();
    const { hosts } = this.run;
    await this.run.prepare();
    for (const host of hosts) {
      const config = join(host.ml, "config");
      const outputs = this.outputs(host).map(({ folder }) => folder);
      for (const folder of [config, join(host.ml, "output"), ...outputs])
        await mkdir(folder, { recursive: true });
      const files = {
        "processingjobconfig.json": shownOf(record),
        "resourceconfig.json": { current_host: host.name, hosts: hosts.map(({ name }) => name) },
      };
      for (const [name, content] of Object.entries(files))
        await writeFile(join(config, name), JSON.stringify(content));
    }
    for (const input of record.ProcessingInputs ?? [])
      await Promise.all(hosts.map((host, index) => this.download(input, host, index)));
  }

  /** An input, or its part, for the host of this index. */
  private async download({ S3Input }: ProcessingInput, host: Host, index: number): Promise<void> {
    if (!S3Input?.S3Uri || !S3Input.LocalPath) return;
    const { hosts, session, signal } = this.run;
    const download = S3Input.S3DataType === "ManifestFile" ? downloadManifest : downloadPrefix;
    const shard = shardOf(S3Input.S3DataDistributionType, index, hosts.length);
    await download(session, S3Input.S3Uri, local(host, S3Input.LocalPath), { signal, shard });
  }

  private async conclude(ending: Ending): Promise<void> {
    switch (ending.how) {
      case "interrupted":
        throw new JobFailure(interruptedReason);
      case "stopped":
        return this.finish("Stopped", this.exitMessage());
      case "timed out":
        return this.finish("Stopped", {
          ...this.exitMessage(),
          FailureReason: `The job ran longer than its MaxRuntimeInSeconds of ${this.run.spec.maxRuntimeSeconds} and was stopped.`,
        });
      case "failed":
        this.failed = ending.host;
        throw algorithmError(ending);
      case "done":
    }
    const key = this.record().ProcessingOutputConfig?.KmsKeyId;
    // Of files of the same name the last host's stays, as on AWS one host's does.
    for (const { folder, uri } of this.run.hosts.flatMap((host) => this.outputs(host)))
      await uploadFolder(this.run.session, folder, uri, key);
    this.finish("Completed", this.exitMessage());
  }

  /** The S3 outputs: where a host's container leaves them and where they go. */
  private outputs(host: Host): { folder: string; uri: string }[] {
    return (this.record().ProcessingOutputConfig?.Outputs ?? []).flatMap(({ S3Output }) =>
      S3Output?.S3Uri && S3Output.LocalPath
        ? [{ folder: local(host, S3Output.LocalPath), uri: S3Output.S3Uri }]
        : [],
    );
  }

  /** What the first host that has something to say says; of a failed job the one that failed. */
  private exitMessage(): { ExitMessage?: string } {
    const hosts = this.failed ? [this.failed] : this.run.hosts;
    const ExitMessage = hosts.map(({ ml }) => readReason(join(ml, "output", "message"))).find(Boolean);
    return ExitMessage ? { ExitMessage } : {};
  }

  private finish(
    status: "Completed" | "Failed" | "Stopped",
    changes: Partial<ProcessingJobRecord> = {},
  ): void {
    const { FailureReason } = changes;
    this.update({
      ...changes,
      ProcessingJobStatus: status,
      ProcessingEndTime: now(),
      ...(FailureReason ? { FailureReason: clipped(FailureReason) } : {}),
    });
  }

  private update(changes: Partial<ProcessingJobRecord>): void {
    updateProcessingJob(this.platform, this.name, changes);
  }

  private record(): Readonly<ProcessingJobRecord> {
    const record = this.platform.stores.processingJobs.get(this.name);
    if (!record) throw new Error(`The processing job '${this.name}' is not known.`);
    return record;
  }
}

/** Where a path below /opt/ml of a host's container is on this machine. */
const local = ({ ml }: Host, path: string) => join(ml, posix.relative(mlPrefix, posix.normalize(path)));

/** What the failed host's container says, or else its last words. */
function algorithmError({ host, code }: { host: Host; code: number }): JobFailure {
  const reason =
    readReason(join(host.ml, "output", "failure")) ?? readReason(join(host.ml, "output", "message"));
  const words =
    reason ?? `See job logs for more information. The last words: ${host.log.lastWords() || "none"}`;
  const ending = `, exit code: ${code}`;
  return new JobFailure(`AlgorithmError: ${words}`.slice(0, 1024 - ending.length) + ending);
}

/** Changes a processing job and announces it. */
export function updateProcessingJob(
  { stores, events }: Pick<Foundation, "stores" | "events">,
  name: string,
  changes: Partial<ProcessingJobRecord>,
): void {
  announceProcessingJob(events, stores.processingJobs.update(name, { ...changes, LastModifiedTime: now() }));
}

export function announceProcessingJob(events: Foundation["events"], record: ProcessingJobRecord): void {
  const detail = { ...withMilliseconds(shownOf(record)), Tags: tagObject(record.tags) };
  events.stateChange("SageMaker Processing Job", record.arn, detail);
}
