import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { validationException } from "../protocol/errors";
import type { Settings } from "../settings";

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

const sageMaker = { principals: ["sagemaker.amazonaws.com"], sessionName: "SageMaker" };
// The shortest that STS gives: after a crash of the local cloud, which forgets sessions, roles work again soon.
const sessionSeconds = 900;

/** The local cloud as SageMaker itself sees it: root, which assumes the roles that users name. */
export class Cloud {
  readonly cloudWatch: CloudWatchClient;
  private readonly sts: STSClient;
  private readonly iam: IAMClient;

  /** @param service whom roles must trust, and how their sessions are called. */
  constructor(
    private readonly settings: Pick<Settings, "cloudUrl" | "region">,
    private readonly service = sageMaker,
  ) {
    const { region, cloudUrl: endpoint } = settings;
    this.cloudWatch = new CloudWatchClient({ region, endpoint });
    this.sts = new STSClient({ region, endpoint });
    this.iam = new IAMClient({ region, endpoint });
  }

  /** A session of this role; its credentials are fetched when first needed and renewed before they expire. */
  session(roleArn: string): RoleSession {
    const fetch = async (): Promise<Credentials> => {
      const command = new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: this.service.sessionName,
        DurationSeconds: sessionSeconds,
      });
      const { Credentials: issued } = await this.sts.send(command);
      if (!issued?.AccessKeyId || !issued.SecretAccessKey || !issued.SessionToken) {
        throw new Error(`STS gave no credentials for ${roleArn}`);
      }
      return {
        accessKeyId: issued.AccessKeyId,
        secretAccessKey: issued.SecretAccessKey,
        sessionToken: issued.SessionToken,
        expiration: new Date(issued.Expiration ?? Date.now() + sessionSeconds * 1000),
      };
    };
    return new RoleSession(
      roleArn,
      { region: this.settings.region, endpoint: this.settings.cloudUrl },
      fetch,
      this.service.sessionName,
    );
  }

  /** @throws AwsError in AWS's words when SageMaker could not assume the role. */
  async requireRole(roleArn: string): Promise<void> {
    const refusal = validationException(
      `Could not assume role ${roleArn}. Please ensure that the role exists and allows principal '${this.service.principals[0]}' to assume the role.`,
    );
    const name = roleArn.split("/").at(-1);
    const role = await this.iam.send(new GetRoleCommand({ RoleName: name })).catch((error: Error) => {
      if (error.name === "NoSuchEntityException" || error.name === "NoSuchEntity") throw refusal;
      throw error;
    });
    // MiniStack lets root assume the role of any service, so the trust policy is read here.
    const document = decodeURIComponent(role.Role?.AssumeRolePolicyDocument ?? "{}");
    if (role.Role?.Arn !== roleArn || !trusts(this.service.principals, JSON.parse(document) as TrustPolicy))
      throw refusal;
  }
}

interface TrustPolicy {
  Statement?: { Effect?: string; Principal?: "*" | { Service?: string | string[] } }[];
}

function trusts(principals: string[], policy: TrustPolicy): boolean {
  const about = (policy.Statement ?? []).filter(({ Principal }) => {
    if (Principal === "*") return true;
    return [Principal?.Service ?? []].flat().some((one) => principals.includes(one));
  });
  return about.some(({ Effect }) => Effect === "Allow") && about.every(({ Effect }) => Effect !== "Deny");
}

/** Clients that act with a role's permissions only. */
export class RoleSession {
  readonly s3: S3Client;
  readonly logs: CloudWatchLogsClient;
  readonly ecr: ECRClient;
  readonly cloudWatch: CloudWatchClient;

  constructor(
    readonly roleArn: string,
    settings: { region: string; endpoint: string },
    /** Fresh credentials of the role. */
    readonly credentials: () => Promise<Credentials>,
    private readonly sessionName: string,
  ) {
    const config = { ...settings, credentials };
    this.s3 = new S3Client({ ...config, forcePathStyle: true });
    this.logs = new CloudWatchLogsClient({ ...config, maxAttempts: 2 });
    this.ecr = new ECRClient(config);
    this.cloudWatch = new CloudWatchClient(config);
  }

  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
  get principal(): string {
    const [, , , , account] = this.roleArn.split(":");
    return `arn:aws:sts::${account}:assumed-role/${this.roleArn.split("/").at(-1)}/${this.sessionName}`;
  }

  /** What AWS says when the role may not do something. */
  refusal(action: string, resource: string): string {
    return `User: ${this.principal} is not authorized to perform: ${action} on resource: "${resource}" because no identity-based policy allows the ${action} action`;
  }

  close(): void {
    for (const client of [this.s3, this.logs, this.ecr, this.cloudWatch]) client.destroy();
  }
}
