import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Foundation } from "../platform";
import { now } from "../records";
import { interruptedReason } from "./job-run";
import { ProcessingJob, updateProcessingJob } from "./processing";
import { TrainingJob, enterStatus } from "./training";
import { TransformJob, updateTransformJob } from "./transform";

type Job = TrainingJob | ProcessingJob | TransformJob;

/** The jobs that run now. */
export class Jobs {
  private readonly running = new Map<string, { job: Job; done: Promise<void> }>();

  constructor(private readonly platform: Foundation) {}

  /** Ends what an earlier server left unfinished: those jobs have lost their containers. */
  recover(): void {
    const { stores, settings } = this.platform;
    const work = join(settings.home, "sagemaker", "work");
    try {
      rmSync(work, { recursive: true, force: true });
    } catch (error) {
      console.error(`${work} is left behind: ${(error as Error).message}`);
    }
    const time = now();
    for (const { TrainingJobName = "", TrainingJobStatus } of stores.trainingJobs.values()) {
      if (!isRunning(TrainingJobStatus)) continue;
      const end = {
        TrainingJobStatus: "Failed",
        TrainingEndTime: time,
        FailureReason: interruptedReason,
      } as const;
      enterStatus(this.platform, TrainingJobName, "Failed", end);
    }
    for (const { ProcessingJobName = "", ProcessingJobStatus } of stores.processingJobs.values()) {
      if (!isRunning(ProcessingJobStatus)) continue;
      const end = {
        ProcessingJobStatus: "Failed",
        ProcessingEndTime: time,
        FailureReason: interruptedReason,
      } as const;
      updateProcessingJob(this.platform, ProcessingJobName, end);
    }
    for (const { TransformJobName = "", TransformJobStatus } of stores.transformJobs.values()) {
      if (!isRunning(TransformJobStatus)) continue;
      const end = {
        TransformJobStatus: "Failed",
        TransformEndTime: time,
        FailureReason: interruptedReason,
      } as const;
      updateTransformJob(this.platform, TransformJobName, end);
    }
  }

  startTraining(name: string): void {
    this.start(`training-job/${name}`, new TrainingJob(this.platform, name));
  }

  startProcessing(name: string): void {
    this.start(`processing-job/${name}`, new ProcessingJob(this.platform, name));
  }

  startTransform(name: string): void {
    this.start(`transform-job/${name}`, new TransformJob(this.platform, name));
  }

  /** Asks the job's container to end; the job then comes to its last status by itself. */
  stopTraining(name: string): void {
    this.running.get(`training-job/${name}`)?.job.run.stop("stopped");
  }

  stopProcessing(name: string): void {
    this.running.get(`processing-job/${name}`)?.job.run.stop("stopped");
  }

  stopTransform(name: string): void {
    this.running.get(`transform-job/${name}`)?.job.run.stop("stopped");
  }

  /** Marks all jobs as interrupted; they end when the executor ends their containers. */
  interrupt(): Promise<unknown> {
    const running = [...this.running.values()];
    for (const { job } of running) job.run.stop("interrupted");
    return Promise.all(running.map(({ done }) => done));
  }

  private start(key: string, job: Job): void {
    const done = job
      .execute()
      .catch((error: Error) => console.error(`${key}: ${error.message}`))
      .finally(() => this.running.delete(key));
    this.running.set(key, { job, done });
  }
}

const isRunning = (status: string) => status === "InProgress" || status === "Stopping";
