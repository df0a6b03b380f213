import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ImageError, pullImage } from "../aws/images";
import type { RoleSession } from "../aws/cloud";
import { TransferError } from "../aws/s3";
import { ContainerLog } from "../logs";
import type { Foundation } from "../platform";

/** As AWS: from SIGTERM to SIGKILL of a job. */
const stopGraceSeconds = 120;
const maxReasonLength = 1024;

/** What training and processing jobs have in common. */
export interface JobSpec {
  kind: "training-job" | "processing-job";
  name: string;
  roleArn: string;
  imageUri: string;
  entrypoint?: string[];
  arguments: string[];
  environment: Record<string, string>;
  networkIsolation: boolean;
  maxRuntimeSeconds: number;
  logGroup: string;
}

/** How a job's container ended. */
export type Ending = { how: "exited"; code: number } | { how: "stopped" | "timed out" | "interrupted" };

/** Why a job failed, in the words of its FailureReason. */
export class JobFailure extends Error {}

/** One job while it runs: its folder, its log, its container, and the means to stop it. */
export class JobRun {
  /** What the container sees as /opt/ml. */
  readonly ml: string;
  readonly session: RoleSession;
  private readonly folder: string;
  private readonly log: ContainerLog;
  private readonly abort = new AbortController();
  private ended: Exclude<Ending["how"], "exited"> | undefined;

  constructor(
    private readonly platform: Foundation,
    readonly spec: JobSpec,
    onLine: (line: string) => void,
  ) {
    const { kind, name, roleArn } = spec;
    const home = join(platform.settings.home, "sagemaker");
    this.folder = join(home, "work", `${kind}-${name}`);
    this.ml = join(this.folder, "ml");
    this.session = platform.cloud.session(roleArn);
    const stream = `${name}/algo-1-${Math.floor(Date.now() / 1000)}`;
    const file = join(home, "logs", `${kind}s`, `${name}.log`);
    this.log = new ContainerLog(this.session, { file, group: spec.logGroup, stream }, onLine);
  }

  /** Aborted when the job is to stop. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** What asked the job to stop, if anything did. */
  get stopped(): Exclude<Ending["how"], "exited"> | undefined {
    return this.ended;
  }

  stop(why: Exclude<Ending["how"], "exited">): void {
    this.ended ??= why;
    this.abort.abort();
  }

  lastWords(): string {
    return this.log.lastWords();
  }

  /** Runs the container until it ends by itself, is stopped, or its time is over. */
  async container(): Promise<Ending> {
    const { spec, platform } = this;
    const image = await pullImage(platform.settings.home, this.session, spec.imageUri);
    if (this.ended) return { how: this.ended };
    const container = platform.executor.run({
      name: `${spec.kind}-${spec.name}-${randomBytes(3).toString("hex")}`,
      image,
      entrypoint: spec.entrypoint,
      arguments: spec.arguments,
      environment: {
        ...spec.environment,
        ...(spec.networkIsolation ? {} : platform.containerCredentials.environment(this.session)),
      },
      mlFolder: this.ml,
      onLine: (line) => this.log.line(line),
    });
    const timer = setTimeout(
      () => this.stop("timed out"),
      Math.min(spec.maxRuntimeSeconds * 1000, 2 ** 31 - 1),
    );
    const stop = () => void container.stop(stopGraceSeconds);
    this.signal.addEventListener("abort", stop);
    const code = await container.exited;
    await this.log.flush();
    clearTimeout(timer);
    this.signal.removeEventListener("abort", stop);
    return this.ended ? { how: this.ended } : { how: "exited", code };
  }

  /** Ends the log and removes the job's files; the log stays. */
  async close(): Promise<void> {
    await this.log.close();
    this.platform.containerCredentials.forget(this.session);
    this.session.close();
    await rm(this.folder, { recursive: true, force: true }).catch((error: Error) =>
      console.error(`${this.folder} is left behind: ${error.message}`),
    );
  }

  /** An empty folder for the job. */
  async prepare(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    await mkdir(this.ml, { recursive: true });
  }
}

/** The first 1,024 characters of a file that the container may have written, or undefined. */
export function readReason(file: string): string | undefined {
  try {
    const descriptor = openSync(file, "r");
    const bytes = Buffer.alloc(maxReasonLength * 4); // of UTF-8, which has up to four bytes a character
    const length = readSync(descriptor, bytes);
    closeSync(descriptor);
    const text = bytes.toString("utf8", 0, length).trim();
    return text === "" ? undefined : text.slice(0, maxReasonLength);
  } catch {
    return undefined;
  }
}

export const clipped = (reason: string) => reason.slice(0, maxReasonLength);

/** FailureReason of a job that could not be run, by whose fault it is. */
export function failureReason(error: unknown, phase: "download" | "upload"): string {
  if (error instanceof JobFailure) return clipped(error.message);
  if (error instanceof ImageError) return clipped(`ClientError: ${error.message}`);
  const { message } = error as Error;
  if (error instanceof TransferError) return clipped(`ClientError: Data ${phase} failed:${message}`);
  return clipped(`InternalServerError: We encountered an internal error. Please try again. ${message}`);
}

export const interruptedReason =
  "InternalServerError: The local SageMaker was stopped while the job ran. Please start the job again.";
