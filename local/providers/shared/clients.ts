import { type ClientClass, type ClientSettings } from "./resource";

/** Provider settings, from `Pulumi.<stack>.yaml` (`aws:region`) or `new aws.Provider(...)`. */
export interface Settings {
  region: string;
  defaultTags: Record<string, string>;
  credentials?: ClientSettings["credentials"];
}

/** Settings that matter, and those that are right to ignore on a laptop. */
const supported = ["region", "defaultTags", "accessKey", "secretKey", "token"];
const ignored = [
  "version",
  "pluginDownloadURL",
  "s3UsePathStyle",
  "maxRetries",
  "retryMode",
  "allowedAccountIds",
];

/** @param config what the engine sends: texts, of which structured ones are JSON. @throws Error that names an unsupported setting. */
export function readSettings(config: Record<string, unknown>): Settings {
  for (const name of Object.keys(config)) {
    if (supported.includes(name) || ignored.includes(name) || name.startsWith("skip")) continue;
    throw new Error(
      `The laptop target does not support the setting '${name}' of the aws provider. It supports ${supported.join(", ")} ` +
        "and ignores skip*. Leave the setting out on this stack.",
    );
  }
  const { region, defaultTags, accessKey, secretKey, token } = config as Record<string, string | undefined>;
  const tags = typeof defaultTags === "string" ? (JSON.parse(defaultTags) as unknown) : defaultTags;
  return {
    region: region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? "us-east-1",
    defaultTags: (tags as { tags?: Record<string, string> } | undefined)?.tags ?? {},
    credentials:
      accessKey && secretKey
        ? { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken: token }
        : undefined,
  };
}

/** Names of services whose client's name has their words run together. */
const spacedNames: Record<string, string> = {
  ApplicationAutoScaling: "Application Auto Scaling",
  RedshiftServerless: "Redshift Serverless",
};

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Address of the local cloud, or of one of its services when that has an address of its own.
 * @throws Error when it is not on this machine: these plugins never touch a real account.
 */
export function localEndpoint(service = "", env: NodeJS.ProcessEnv = process.env): string {
  const own = `AWS_ENDPOINT_URL_${service.toUpperCase().replaceAll(" ", "_")}`;
  const variable = service && env[own] ? own : "AWS_ENDPOINT_URL";
  const value = env[variable];
  if (!value) {
    throw new Error(
      "The laptop's aws plugin was started without AWS_ENDPOINT_URL, so it does not know the local cloud. " +
        "Use 'npx slipway up local', or set what 'npx slipway local env' prints. For a real account, take local/providers/bin off PATH.",
    );
  }
  if (!URL.canParse(value) || !loopback.test(new URL(value).hostname)) {
    throw new Error(
      `${variable} is '${value}', which is not an address of this machine. The laptop's aws plugin talks to the local cloud only: ` +
        "start it with 'npx slipway local start', or take local/providers/bin off PATH to use the real provider.",
    );
  }
  return value;
}

/** AWS SDK clients of one provider, each made when first asked for. */
export class Clients {
  private readonly made = new Map<string, unknown>();

  constructor(private readonly settings: Settings) {}

  get<C>(type: ClientClass<C>, region = this.settings.region): C {
    const key = `${type.name} ${region}`;
    const found = this.made.get(key) ?? this.make(type, region);
    this.made.set(key, found);
    return found as C;
  }

  private make<C>(type: ClientClass<C>, region: string): C {
    const service = type.name.replace(/Client$/, "");
    const endpoint = localEndpoint(spacedNames[service] ?? service);
    const { credentials } = this.settings;
    return new type({
      region,
      endpoint,
      maxAttempts: 3,
      forcePathStyle: true,
      ...(credentials ? { credentials } : {}),
    });
  }
}
