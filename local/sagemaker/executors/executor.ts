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
  /** Of the networks that `connect` gave. */
  network: string;
  /** Of a job: the name of its host, by which the other containers of its network find it. */
  hostName?: string;
  /** Of a job: the names of all hosts. */
  hostNames?: string[];
  /** Hosting: where its server listens. */
  port?: number;
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
  /** `<host>:<port>` where its server is reached from this machine; undefined while it has no address. */
  address(): Promise<string | undefined>;
}

/** A network that containers are to run on. */
export interface NetworkRequest {
  /** EnableNetworkIsolation: they reach nothing beyond it. */
  isolated: boolean;
  /** Names the job whose hosts have it for themselves. */
  job?: string;
}

/** Runs containers. Whatever becomes of this process, none of them outlives it for long. */
export interface Executors {
  /**
   * Whether containers have this machine's own network, and so share its ports. Otherwise each has all ports for itself,
   * as on AWS.
   */
  readonly sharesPorts: boolean;
  /** By which name or address containers reach this machine's servers on 127.0.0.1. */
  readonly machine: string;
  /** Removes what an earlier server of the same home has left, and lets the containers to come reach the local cloud. */
  open(cloudUrl: string): Promise<void>;
  /** Lets containers reach another server on 127.0.0.1 of this machine. */
  expose(url: string): Promise<void>;
  /** A network for containers. A job's own is to be disconnected. */
  connect(request: NetworkRequest): Promise<string>;
  /** Removes a job's network once its containers are gone. */
  disconnect(network: string): Promise<void>;
  /** @throws Error once `close` was called. */
  run(spec: ContainerSpec): Container;
  /** An image that is there without having been pushed to the laptop's ECR, by this name: the Docker engine's own. */
  find(uri: string): Promise<LocalImage | undefined>;
  /** Ends everything that runs. */
  close(): Promise<void>;
}

/** What a container gets to end by itself when this server ends: the supervisor's own patience is 10 s. */
export const closeGraceSeconds = 3;

export const loopback = "127.0.0.1";

/** What a container's path below /opt/ml is on this machine. */
export const mlPrefix = "/opt/ml";
