import type { ProcessingInput } from "@aws-sdk/client-sagemaker";
import { mkdir, writeFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { downloadManifest, downloadPrefix, uploadFolder } from "../aws/s3";
import { tagObject, withMilliseconds } from "../events";
import { mlPrefix } from "../executors/executor";
import type { Foundation } from "../platform";
import { type ProcessingJobRecord, now, shownOf } from "../records";
import {
  type Ending,
  JobFailure,
  JobRun,
  clipped,
  failureReason,
  interruptedReason,
  readReason,
} from "./job-run";

const host = "algo-1";
/** AWS's default, where a request says nothing. */
const defaultMaxRuntimeSeconds = 86_400;

/** A processing job, from its first status to its last. */
export class ProcessingJob {
  readonly run: JobRun;

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
      const ending: Ending = this.run.stopped ? { how: this.run.stopped } : await this.run.container();
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
    await this.run.prepare();
    const config = join(this.run.ml, "config");
    const outputs = this.outputs().map(({ folder }) => folder);
    for (const folder of [config, join(this.run.ml, "output"), ...outputs])
      await mkdir(folder, { recursive: true });
    const files = {
      "processingjobconfig.json": shownOf(record),
      "resourceconfig.json": { current_host: host, hosts: [host] },
    };
    for (const [name, content] of Object.entries(files))
      await writeFile(join(config, name), JSON.stringify(content));
    await Promise.all((record.ProcessingInputs ?? []).map((input) => this.download(input)));
  }

  private async download({ S3Input }: ProcessingInput): Promise<void> {
    if (!S3Input?.S3Uri || !S3Input.LocalPath) return;
    const download = S3Input.S3DataType === "ManifestFile" ? downloadManifest : downloadPrefix;
    await download(this.run.session, S3Input.S3Uri, this.local(S3Input.LocalPath), this.run.signal);
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
      case "exited":
        if (ending.code !== 0) throw this.algorithmError(ending.code);
    }
    const key = this.record().ProcessingOutputConfig?.KmsKeyId;
    for (const { folder, uri } of this.outputs()) await uploadFolder(this.run.session, folder, uri, key);
    this.finish("Completed", this.exitMessage());
  }

  /** The S3 outputs: where the container leaves them and where they go. */
  private outputs(): { folder: string; uri: string }[] {
    return (this.record().ProcessingOutputConfig?.Outputs ?? []).flatMap(({ S3Output }) =>
      S3Output?.S3Uri && S3Output.LocalPath
        ? [{ folder: this.local(S3Output.LocalPath), uri: S3Output.S3Uri }]
        : [],
    );
  }

  /** Where a path below /opt/ml is on this machine. */
  private local(path: string): string {
    return join(this.run.ml, posix.relative(mlPrefix, posix.normalize(path)));
  }

  private algorithmError(code: number): JobFailure {
    const reason = readReason(join(this.run.ml, "output", "failure")) ?? this.exitMessage().ExitMessage;
    const words =
      reason ?? `See job logs for more information. The last words: ${this.run.lastWords() || "none"}`;
    const ending = `, exit code: ${code}`;
    return new JobFailure(`AlgorithmError: ${words}`.slice(0, 1024 - ending.length) + ending);
  }

  private exitMessage(): { ExitMessage?: string } {
    const ExitMessage = readReason(join(this.run.ml, "output", "message"));
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
