import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { randomBytes } from "node:crypto";
import type { Settings } from "./settings";

interface Login {
  username?: string;
  password?: string;
}

/** The local cloud's Secrets Manager, as Redshift itself sees it. */
export class Secrets {
  private readonly client: SecretsManagerClient;

  constructor({ region, cloudUrl: endpoint }: Settings) {
    this.client = new SecretsManagerClient({ region, endpoint });
  }

  /** A new admin password of its own, managed by Redshift. @returns the secret's ARN. */
  async create(namespace: string, username: string, KmsKeyId?: string): Promise<string> {
    const SecretString = JSON.stringify({ username, password: randomBytes(24).toString("base64url") });
    const Name = `redshift!${namespace}-${username}`;
    const { ARN } = await this.client.send(new CreateSecretCommand({ Name, SecretString, KmsKeyId }));
    return ARN ?? "";
  }

  async remove(SecretId: string): Promise<void> {
    await this.client
      .send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }))
      .catch((error: Error) => {
        if (error.name !== "ResourceNotFoundException") throw error;
      });
  }

  /** What the secret holds; nothing when there is no such secret, or it is no login. */
  async login(SecretId: string): Promise<Login> {
    try {
      const { SecretString = "" } = await this.client.send(new GetSecretValueCommand({ SecretId }));
      return JSON.parse(SecretString) as Login;
    } catch (error) {
      const { name } = error as Error;
      if (name === "ResourceNotFoundException" || error instanceof SyntaxError) return {};
      throw error;
    }
  }
}
