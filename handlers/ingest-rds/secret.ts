import { GetSecretValueCommand, type SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { type Credentials } from "./database";
import { SourceFault } from "./faults";

/** As RDS writes it (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html). */
const secretSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ username: v.pipe(v.string(), v.nonEmpty()), password: v.string() }),
);

/** @throws SourceFault that names the secret and tells nothing of what is in it. */
export async function readSecret(client: SecretsManagerClient, SecretId: string): Promise<Credentials> {
  const { SecretString } = await client
    .send(new GetSecretValueCommand({ SecretId }))
    .catch((error: Error) => {
      throw new SourceFault(
        "secret",
        `the secret ${SecretId} cannot be read (${error.name}: ${error.message})`,
        "See that it is there, that the function may read it (secretKeyArn, when it has a key of its own), and that the " +
          "function's VPC has a way to Secrets Manager",
      );
    });
  const result = v.safeParse(secretSchema, SecretString);
  if (result.success) return result.output;
  throw new SourceFault(
    "secret",
    `the secret ${SecretId} is no JSON with a username and a password`,
    "Write both into it",
  );
}
