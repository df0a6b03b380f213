import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { mockClient } from "aws-sdk-client-mock";
import { expect } from "chai";
import { faultKind } from "../../../handlers/ingest-rds/faults";
import { readSecret } from "../../../handlers/ingest-rds/secret";
import { failure } from "../../local/laptop";

const arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-a1b2c3";

describe("readSecret", () => {
  const client = new SecretsManagerClient({ region: "us-east-1" });
  const secrets = mockClient(client);
  afterEach(() => secrets.reset());

  it("takes user and password from what RDS writes, which may hold more", async () => {
    const SecretString = JSON.stringify({ username: "reader", password: "pa'ss", host: "x", port: 5432 });
    secrets.on(GetSecretValueCommand, { SecretId: arn }).resolves({ SecretString });
    expect(await readSecret(client, arn)).to.deep.equal({ username: "reader", password: "pa'ss" });
  });

  for (const SecretString of ["hunter2", '{"password":"hunter2"}', '{"username":"","password":"hunter2"}']) {
    it(`says what a secret such as ${SecretString} lacks, and not what is in it`, async () => {
      secrets.on(GetSecretValueCommand).resolves({ SecretString });
      const error = await failure(readSecret(client, arn));
      expect(error.message).to.include(arn).and.not.include("hunter2");
      expect(faultKind(error)).to.equal("secret");
    });
  }

  it("says that the secret cannot be read, and why", async () => {
    const gone = new ResourceNotFoundException({ message: "Secrets Manager can't find it.", $metadata: {} });
    secrets.on(GetSecretValueCommand).rejects(gone);
    expect((await failure(readSecret(client, arn))).message)
      .to.include("ResourceNotFoundException")
      .and.include(arn);
  });
});
