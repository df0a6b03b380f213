import { join } from "node:path";
import { type Executor, projectRoot } from "../state";

/** The laptop target's servers, in the order in which they need one another. */
export const serviceNames = ["inbox", "cloud", "sagemaker", "redshift"] as const;
export type ServiceName = (typeof serviceNames)[number];
export type Ports = Record<ServiceName | "control", number>;

/** How to start one server and how to see that it is ready. */
export interface Service {
  name: string;
  command: string[];
  env: Record<string, string>;
  healthUrl: string;
  /** Servers that must be ready before this one starts. */
  after: string[];
}

export interface ServiceSettings {
  home: string;
  ports: Ports;
  region: string;
  accountId: string;
  executor: Executor;
  accessKeyId: string;
  secretAccessKey: string;
}

export const url = (port: number) => `http://127.0.0.1:${port}`;
export const venvPython = join(projectRoot, ".venv", "bin", "python");

/** A Node.js program of the project: command and arguments. */
export const node = (script: string, ...args: string[]) => [
  process.execPath,
  "--require",
  join(projectRoot, "register.js"),
  join(projectRoot, script),
  ...args,
];

/** The servers as they are started for `settings`. */
export function services(settings: ServiceSettings): Service[] {
  const { home, ports, region, accountId, executor } = settings;
  const credentials = {
    AWS_ACCESS_KEY_ID: settings.accessKeyId,
    AWS_SECRET_ACCESS_KEY: settings.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
  return [
    {
      name: "inbox",
      command: node("local/inbox/main.ts", "--port", `${ports.inbox}`, "--home", home),
      env: {},
      healthUrl: `${url(ports.inbox)}/_slipway/health`,
      after: [],
    },
    {
      name: "cloud",
      command: [venvPython, join(projectRoot, "local/cloud/ministack_plus.py")],
      env: {
        ...credentials,
        GATEWAY_PORT: `${ports.cloud}`,
        BIND_HOST: "127.0.0.1",
        MINISTACK_REGION: region,
        MINISTACK_ACCOUNT_ID: accountId,
        AUTH: "true",
        IOT_MTLS_ENABLED: "0",
        SFTP_ENABLED: "0",
        LAMBDA_EXECUTOR: "local",
        PERSIST_STATE: "1",
        STATE_DIR: join(home, "cloud", "state"),
        S3_PERSIST: "1",
        S3_DATA_DIR: join(home, "cloud", "s3"),
        TMPDIR: join(home, "cloud", "tmp"),
        SLIPWAY_DATABASES_DIR: join(home, "databases"),
        // MiniStack removes stray containers of its own from a Docker engine that it finds: keep it away from it.
        DOCKER_HOST: "unix:///nonexistent",
        SLIPWAY_INBOX_URL: url(ports.inbox),
        // Lambdas inherit these: their SageMaker and Redshift are the local ones.
        AWS_ENDPOINT_URL_SAGEMAKER: url(ports.sagemaker),
        AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: url(ports.sagemaker),
        AWS_ENDPOINT_URL_REDSHIFT_DATA: url(ports.redshift),
      },
      healthUrl: `${url(ports.cloud)}/_ministack/health`,
      after: [],
    },
    {
      name: "sagemaker",
      command: node(
        "local/sagemaker/main.ts",
        ...["--port", `${ports.sagemaker}`, "--home", home, "--cloud-url", url(ports.cloud)],
        ...["--region", region, "--account-id", accountId, "--executor", executor],
      ),
      env: credentials,
      healthUrl: `${url(ports.sagemaker)}/_slipway/health`,
      after: ["cloud"],
    },
    {
      name: "redshift",
      command: node(
        "local/redshift/main.ts",
        ...["--port", `${ports.redshift}`, "--home", home, "--cloud-url", url(ports.cloud)],
        ...["--region", region, "--account-id", accountId],
      ),
      env: credentials,
      healthUrl: `${url(ports.redshift)}/_slipway/health`,
      after: ["cloud"],
    },
  ];
}
