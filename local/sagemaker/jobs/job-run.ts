import { randomBytes } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LocalImage } from "../../images";
import { ImageError, pullImage } from "../aws/images";
import type { RoleSession } from "../aws/cloud";
import { TransferError } from "../aws/s3";
import type { Container } from "../executors/executor";
import { ContainerLog } from "../logs";
import type { Foundation } from "../platform";
import { hostAddresses, hostNames } from "./hosts";

/** AWS's default, where a request says nothing. */
export const defaultMaxRuntimeSeconds = 86_400;
/** As AWS: from SIGTERM to SIGKILL of a job. */
const stopGraceSeconds = 120;
const maxReasonLength = 1024;

/** What training and processing jobs have in common. */
export interface JobSpec {
  kind: "training-job" | "processing-job";
  name: string;
  roleArn: string;
  /** How many hosts run the container at the same time. */
  instanceCount: number;
  imageUri: string;
  entrypoint?: string[];
  arguments: string[];
  environment: Record<string, string>;
  networkIsolation: boolean;
  maxRuntimeSeconds: number;
  logGroup: string;
}

/** One of a job's hosts: what its container sees as /opt/ml, and its log. */
export interface Host {
  name: string;
  ml: string;
  log: ContainerLog;
}

/** How a job's containers ended: all by themselves with 0, one with another code, or because they were told to. */
export type Ending =
  | { how: "done" }
  | { how: "failed"; host: Host; code: number }
  | { how: "stopped" | "timed out" | "interrupted" };

type Stop = Exclude<Ending["how"], "done" | "failed">;

/** Why a job failed, in the words of its FailureReason. */
export class JobFailure extends Error {}

/** One job while it runs: its hosts with their folders, logs and containers, and the means to stop it. */
export class JobRun {
  readonly hosts: Host[];
  readonly session: RoleSession;
  private readonly folder: string;
  private readonly abort = new AbortController();
  private ended: Stop | undefined;
  private network = "";

  constructor(
    private readonly platform: Foundation,
    readonly spec: JobSpec,
    onLine: (line: string) => void,
  ) {
    const { kind, name, roleArn } = spec;
    const home = join(platform.settings.home, "sagemaker");
    this.folder = join(home, "work", `${kind}-${name}`);
    this.session = platform.cloud.session(roleArn);
    const seconds = Math.floor(Date.now() / 1000);
    this.hosts = hostNames(spec.instanceCount).map((host, index) => {
      const stream = `${name}/${host}-${seconds}`;
      const file = join(home, "logs", `${kind}s`, index === 0 ? `${name}.log` : `${name}.${host}.log`);
      const log = new ContainerLog(this.session, { file, group: spec.logGroup, stream }, onLine);
      return { name: host, ml: join(this.folder, host, "ml"), log };
    });
  }

  /** The first host: the algorithm's leader. */
  get leader(): Host {
    return this.hosts[0] as Host;
  }

  /** Aborted when the job is to stop. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** What asked the job to stop, if anything did. */
  get stopped(): Stop | undefined {
    return this.ended;
  }

  stop(why: Stop): void {
    this.ended ??= why;
    this.abort.abort();
  }

  /** Runs the containers until they end by themselves, one fails, they are stopped, or their time is over. */
  async containers(): Promise<Ending> {
    const { spec, platform } = this;
    const image = await pullImage(platform, this.session, spec.imageUri);
    const environment = await this.environment();
    this.network = await platform.executor.connect({
      isolated: spec.networkIsolation,
      ...(this.hosts.length > 1 ? { job: `${spec.kind}-${spec.name}` } : {}),
    });
    if (this.ended) return { how: this.ended };
    const running = this.hosts.map((host) => ({ host, container: this.start(host, image, environment) }));
    const timer = setTimeout(
      () => this.stop("timed out"),
      Math.min(spec.maxRuntimeSeconds * 1000, 2 ** 31 - 1),
    );
    const stop = () => running.forEach(({ container }) => void container.stop(stopGraceSeconds));
    this.signal.addEventListener("abort", stop);
    let failed: { host: Host; code: number } | undefined;
    const end = async ({ host, container }: { host: Host; container: Container }) => {
      const code = await container.exited;
      if (code !== 0 && !failed) {
        failed = { host, code };
        stop(); // the others would wait for it
      }
      await host.log.flush();
    };
    await Promise.all(running.map(end));
    clearTimeout(timer);
    this.signal.removeEventListener("abort", stop);
    if (this.ended) return { how: this.ended };
    return failed ? { how: "failed", ...failed } : { how: "done" };
  }

  /** What the containers of all hosts have in their environment. */
  private async environment(): Promise<Record<string, string>> {
    const { spec, session } = this;
    const { executor, containerCredentials } = this.platform;
    return {
      ...(executor.sharesPorts ? await hostAddresses(this.hosts.map(({ name }) => name)) : {}),
      ...spec.environment,
      ...(spec.networkIsolation ? {} : await containerCredentials.environment(session, executor.machine)),
    };
  }

  private start({ name, ml, log }: Host, image: LocalImage, environment: Record<string, string>): Container {
    const { spec, platform } = this;
    const host = this.hosts.length > 1 ? `-${name}` : "";
    return platform.executor.run({
      name: `${spec.kind}-${spec.name}${host}-${randomBytes(3).toString("hex")}`,
      ...{ image, entrypoint: spec.entrypoint, arguments: spec.arguments, environment },
      network: this.network,
      hostName: name,
      hostNames: this.hosts.map((other) => other.name),
      mlFolder: ml,
      onLine: (line) => log.line(line),
    });
  }

  /** Ends the logs and removes the job's files; the logs stay. */
  async close(): Promise<void> {
    await Promise.all(this.hosts.map(({ log }) => log.close()));
    if (this.network && this.hosts.length > 1) await this.platform.executor.disconnect(this.network);
    this.platform.containerCredentials.forget(this.session);
    this.session.close();
    await rm(this.folder, { recursive: true, force: true }).catch((error: Error) =>
      console.error(`${this.folder} is left behind: ${error.message}`),
    );
  }

  /** Empty folders for the job. */
  async prepare(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    for (const { ml } of this.hosts) await mkdir(ml, { recursive: true });
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
