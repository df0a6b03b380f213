import type { LocalImage } from "../../images";

/** A container to run, whatever runs it. */
export interface ContainerSpec {
  /** Unique among what runs, fit for a Docker container's name. */
  name: string;
  image: LocalImage;
  /** In place of the image's own ENTRYPOINT. */
  entrypoint?: string[];
  arguments: string[];
  environment: Record<string, string>;
  /** Folder of this machine that the container has as /opt/ml. */
  mlFolder: string;
  /** Names that mean this machine: those of a job's hosts. */
  hostNames?: string[];
  /** Hosting: the model's files are there to be read only. */
  readOnlyModel?: boolean;
  /** Each line of standard output and error. */
  onLine: (line: string) => void;
}

export interface Container {
  /** Resolves to the exit code (128 + signal when a signal ended it) once it and all that it started are gone. */
  readonly exited: Promise<number>;
  /** SIGTERM, and SIGKILL once the grace time is over; resolves when the container is gone. */
  stop(graceSeconds: number): Promise<void>;
}

/** Runs containers. Whatever becomes of this process, none of them outlives it for long. */
export interface Executors {
  /** @throws Error once `close` was called. */
  run(spec: ContainerSpec): Container;
  /** An image that is there without having been pushed to the laptop's ECR, by this name: the Docker engine's own. */
  find(uri: string): Promise<LocalImage | undefined>;
  /** Removes what an earlier server of the same home has left running. */
  removeLeftovers(): Promise<void>;
  /** Ends everything that runs. */
  close(): Promise<void>;
}

/** What a container gets to end by itself when this server ends: the supervisor's own patience is 10 s. */
export const closeGraceSeconds = 3;

/** What a container's path below /opt/ml is on this machine. */
export const mlPrefix = "/opt/ml";
