import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
} from "@aws-sdk/client-secrets-manager";
import { type secretsmanager } from "@pulumi/aws";
import { type AnyResourceType, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

const defaultRecoveryDays = 30;

const secret = resource<secretsmanager.SecretArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 512 } },
    namePrefix: { replaces: true },
    description: {},
    kmsKeyId: {},
    recoveryWindowInDays: { default: defaultRecoveryDays },
    forceOverwriteReplicaSecret: { default: false },
    tags: {},
  },
  async create(inputs, call) {
    const { ARN } = await call.client(SecretsManagerClient).send(
      new CreateSecretCommand({
        ...{ Name: inputs.name, Description: inputs.description, KmsKeyId: inputs.kmsKeyId },
        Tags: toTagList(inputs.tagsAll),
      }),
    );
    return ARN!;
  },
  async read({ id }, call) {
    const found = await call.client(SecretsManagerClient).send(new DescribeSecretCommand({ SecretId: id }));
    if (found.DeletedDate) return undefined;
    return {
      ...{ arn: found.ARN, name: found.Name, description: found.Description || undefined },
      ...{ kmsKeyId: found.KmsKeyId || undefined, tagsAll: fromTagList(found.Tags) },
    };
  },
  async update(now, call, was) {
    const client = call.client(SecretsManagerClient);
    const SecretId = now.id;
    if (call.changed("description", "kmsKeyId")) {
      const change = { Description: now.description ?? "", KmsKeyId: now.kmsKeyId };
      await client.send(new UpdateSecretCommand({ SecretId, ...change }));
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0) await client.send(new UntagResourceCommand({ SecretId, TagKeys: remove }));
      await client.send(new TagResourceCommand({ SecretId, Tags: toTagList(set) }));
    }
  },
  async delete({ id, recoveryWindowInDays }, call) {
    const how = recoveryWindowInDays
      ? { RecoveryWindowInDays: recoveryWindowInDays }
      : { ForceDeleteWithoutRecovery: true };
    await call.client(SecretsManagerClient).send(new DeleteSecretCommand({ SecretId: id, ...how }));
  },
});

const idsOf = (id: string) => {
  const [SecretId, VersionId] = id.split("|");
  return { SecretId, VersionId };
};

/** A changed value is a new version, as in the real provider; versions go with their secret. */
const secretVersion = resource<secretsmanager.SecretVersionArgs>({
  inputs: {
    secretId: { required: true, replaces: true },
    secretString: { secret: true, replaces: true },
  },
  outputs: ["versionId"],
  async create({ secretId, secretString }, call) {
    const { VersionId } = await call
      .client(SecretsManagerClient)
      .send(new PutSecretValueCommand({ SecretId: secretId, SecretString: secretString }));
    return `${secretId}|${VersionId}`;
  },
  async read({ id }, call) {
    const found = await call.client(SecretsManagerClient).send(new GetSecretValueCommand(idsOf(id)));
    return {
      arn: found.ARN,
      secretId: idsOf(id).SecretId,
      secretString: found.SecretString,
      versionId: found.VersionId,
    };
  },
  delete: () => Promise.resolve(),
});

export const types: Record<string, AnyResourceType> = {
  "aws:secretsmanager/secret:Secret": secret,
  "aws:secretsmanager/secretVersion:SecretVersion": secretVersion,
};
