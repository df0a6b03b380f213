import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { type Credentials } from "./database";

/** As RDS writes it (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html). */
const secretSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ username: v.pipe(v.string(), v.nonEmpty()), password: v.string() }),
);

/** @throws Error that names the secret and tells nothing of what is in it. */
export async function readSecret(client: SecretsManagerClient, SecretId: string): Promise<Credentials> {
  const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
  const result = v.safeParse(secretSchema, SecretString);
  if (result.success) return result.output;
  throw new Error(`The secret ${SecretId} is no JSON with a username and a password. Write both into it.`);
}
