import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** How containers run on the laptop target: as a plain process (no Docker needed) or in a Docker engine. */
export type Executor = "process" | "docker";

/** What a running laptop target tells its clients. Written by the supervisor, read by everything else. */
export interface LocalState {
  /** Process id of the supervisor. */
  pid: number;
  region: string;
  accountId: string;
  executor: Executor;
  /** `http://127.0.0.1:<port>` of MiniStack, of the local SageMaker, of the local Redshift and of the inbox. */
  cloudUrl: string;
  sagemakerUrl: string;
  redshiftUrl: string;
  inboxUrl: string;
  /** Of the supervisor: `GET /status`, `POST /stop`. */
  controlUrl: string;
  /** Root credentials of the local account: allowed everything, worth nothing elsewhere. */
  accessKeyId: string;
  secretAccessKey: string;
  /** ISO 8601. */
  startedAt: string;
}

export const projectRoot = resolve(__dirname, "..");

/** The folder that holds all of the laptop target's state (`SLIPWAY_LOCAL_HOME`, else `.slipway/local`). */
export function localHome(): string {
  return resolve(process.env.SLIPWAY_LOCAL_HOME || join(projectRoot, ".slipway", "local"));
}

const stateFile = (home: string) => join(home, "state.json");

/** The running laptop target, or undefined when there is none (the file is removed by an orderly stop). */
export function readState(home = localHome()): LocalState | undefined {
  const file = stateFile(home);
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, "utf8")) as LocalState;
}

/** Writes the state in one step, so that a reader never sees half a file. */
export function writeState(state: LocalState, home = localHome()): void {
  const file = stateFile(home);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(state, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeState(home = localHome()): void {
  rmSync(stateFile(home), { force: true });
}

/** Constructor arguments for an AWS SDK client of `service` against the laptop target. */
export function clientConfig(state: LocalState, service = "") {
  const isSageMaker = /^(sagemaker|application-auto)/.test(service);
  const isRedshift = /^redshift/.test(service);
  return {
    region: state.region,
    endpoint: isSageMaker ? state.sagemakerUrl : isRedshift ? state.redshiftUrl : state.cloudUrl,
    credentials: { accessKeyId: state.accessKeyId, secretAccessKey: state.secretAccessKey },
    ...(service === "s3" ? { forcePathStyle: true } : {}),
  };
}

/** The same for programs that read the environment: boto3, the AWS CLI, Terraform, the stock Pulumi CLI. */
export function clientEnvironment(state: LocalState): Record<string, string> {
  return {
    AWS_REGION: state.region,
    AWS_DEFAULT_REGION: state.region,
    AWS_ACCESS_KEY_ID: state.accessKeyId,
    AWS_SECRET_ACCESS_KEY: state.secretAccessKey,
    AWS_ENDPOINT_URL: state.cloudUrl,
    AWS_ENDPOINT_URL_SAGEMAKER: state.sagemakerUrl,
    AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: state.sagemakerUrl,
    AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING: state.sagemakerUrl,
    AWS_ENDPOINT_URL_REDSHIFT_DATA: state.redshiftUrl,
    AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS: state.redshiftUrl,
  };
}
