import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import type { Credentials, RoleSession } from "./aws/cloud";
import { loopback } from "./executors/executor";
import type { Settings } from "./settings";

/** Path of this server where containers fetch their role's credentials. */
export const credentialsPath = "/_slipway/credentials";

/**
 * Hands each container the temporary credentials of its role the way AWS does: the SDKs fetch them from an address
 * in the environment, and again before they expire. No long-lived secret enters a container.
 */
export class ContainerCredentials {
  private readonly sessions = new Map<string, RoleSession>();
  /** This server's own address, known once it listens. */
  serverUrl = "";

  constructor(private readonly settings: Pick<Settings, "cloudUrl" | "region">) {}

  /**
   * What the AWS SDKs in a container need to act as the session's role on the laptop target.
   * @param machine by which name or address the container reaches this machine.
   */
  async environment(session: RoleSession, machine: string): Promise<Record<string, string>> {
    const { region } = this.settings;
    const [cloudUrl, serverUrl] = [this.settings.cloudUrl, this.serverUrl].map((url) =>
      url.replace(loopback, machine),
    ) as [string, string];
    return {
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ENDPOINT_URL: cloudUrl,
      AWS_ENDPOINT_URL_SAGEMAKER: serverUrl,
      AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME: serverUrl,
      ...(isIP(machine) ? this.credentialsUrl(session, serverUrl) : await fixed(session)),
    };
  }

  private credentialsUrl(session: RoleSession, serverUrl: string): Record<string, string> {
    const token = randomBytes(24).toString("base64url");
    this.sessions.set(token, session);
    return {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${serverUrl}${credentialsPath}`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
    };
  }

  /** Credentials for the bearer of a token, in the shape that the SDKs expect; undefined for an unknown one. */
  async answer(token: string | undefined): Promise<Record<string, string> | undefined> {
    const session = token === undefined ? undefined : this.sessions.get(token);
    if (!session) return undefined;
    const { accessKeyId, secretAccessKey, sessionToken, expiration }: Credentials =
      await session.credentials();
    return {
      ...{ RoleArn: session.roleArn, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey },
      ...{ Token: sessionToken, Expiration: expiration.toISOString() },
    };
  }

  forget(session: RoleSession): void {
    for (const [token, held] of this.sessions) if (held === session) this.sessions.delete(token);
  }
}

/** For a container that knows this machine by a name: the SDKs do not fetch credentials from there. */
async function fixed(session: RoleSession): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = await session.credentials();
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
}
