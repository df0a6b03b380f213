import {
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  type KeySpec,
  type KeyUsageType,
  KMSClient,
  ListAliasesCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";
import { type kms } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { tagChanges } from "../shared/tags";

type KeyInputs = Inputs<kms.KeyArgs>;

const kmsTags = (tags: Record<string, string>) =>
  Object.entries(tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }));

async function putRotation(KeyId: string, inputs: KeyInputs, call: Call): Promise<void> {
  const client = call.client(KMSClient);
  const RotationPeriodInDays = inputs.rotationPeriodInDays;
  if (inputs.enableKeyRotation)
    await client.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }));
  else await client.send(new DisableKeyRotationCommand({ KeyId }));
}

async function putEnabled(KeyId: string, enabled: boolean | undefined, call: Call): Promise<void> {
  const client = call.client(KMSClient);
  if (enabled === false) await client.send(new DisableKeyCommand({ KeyId }));
  else await client.send(new EnableKeyCommand({ KeyId }));
}

const key = resource<kms.KeyArgs>({
  inputs: {
    description: { computed: true },
    policy: { json: "policy", computed: true },
    enableKeyRotation: { default: false },
    rotationPeriodInDays: { computed: true },
    isEnabled: { default: true },
    deletionWindowInDays: {},
    bypassPolicyLockoutSafetyCheck: { default: false },
    customerMasterKeySpec: { default: "SYMMETRIC_DEFAULT", replaces: true },
    keyUsage: { default: "ENCRYPT_DECRYPT", replaces: true },
    multiRegion: { computed: true, replaces: true },
    tags: {},
  },
  outputs: ["keyId"],
  async create(inputs, call) {
    const { KeyMetadata } = await call.client(KMSClient).send(
      new CreateKeyCommand({
        Description: inputs.description,
        Policy: inputs.policy,
        BypassPolicyLockoutSafetyCheck: inputs.bypassPolicyLockoutSafetyCheck,
        KeySpec: inputs.customerMasterKeySpec as KeySpec,
        KeyUsage: inputs.keyUsage as KeyUsageType,
        MultiRegion: inputs.multiRegion,
        Tags: kmsTags(inputs.tagsAll),
      }),
    );
    const id = KeyMetadata!.KeyId!;
    call.created(id);
    if (inputs.enableKeyRotation) await putRotation(id, inputs, call);
    if (inputs.isEnabled === false) await putEnabled(id, false, call);
    return id;
  },
  async read({ id }, call) {
    const client = call.client(KMSClient);
    const { KeyMetadata: found } = await client.send(new DescribeKeyCommand({ KeyId: id }));
    if (!found || found.KeyState === "PendingDeletion") return undefined;
    const policy = await client.send(new GetKeyPolicyCommand({ KeyId: id, PolicyName: "default" }));
    const rotation = await client.send(new GetKeyRotationStatusCommand({ KeyId: id }));
    const { Tags = [] } = await client.send(new ListResourceTagsCommand({ KeyId: id }));
    return {
      ...{
        arn: found.Arn,
        keyId: found.KeyId,
        description: found.Description || undefined,
        policy: policy.Policy,
      },
      ...{ enableKeyRotation: rotation.KeyRotationEnabled ?? false, isEnabled: found.Enabled ?? true },
      ...{ rotationPeriodInDays: rotation.KeyRotationEnabled ? rotation.RotationPeriodInDays : undefined },
      ...{ customerMasterKeySpec: found.KeySpec, keyUsage: found.KeyUsage, multiRegion: found.MultiRegion },
      tagsAll: Object.fromEntries(Tags.map(({ TagKey, TagValue }) => [TagKey, TagValue])),
    };
  },
  async update(now, call, was) {
    const client = call.client(KMSClient);
    const KeyId = now.id;
    if (call.changed("isEnabled") && now.isEnabled) await putEnabled(KeyId, true, call);
    if (call.changed("enableKeyRotation", "rotationPeriodInDays")) await putRotation(KeyId, now, call);
    if (call.changed("description")) {
      await client.send(new UpdateKeyDescriptionCommand({ KeyId, Description: now.description ?? "" }));
    }
    if (call.changed("policy") && now.policy) {
      await client.send(new PutKeyPolicyCommand({ KeyId, PolicyName: "default", Policy: now.policy }));
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0) await client.send(new UntagResourceCommand({ KeyId, TagKeys: remove }));
      await client.send(new TagResourceCommand({ KeyId, Tags: kmsTags(set) }));
    }
    if (call.changed("isEnabled") && !now.isEnabled) await putEnabled(KeyId, false, call);
  },
  async delete({ id, deletionWindowInDays }, call) {
    const client = call.client(KMSClient);
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: id }));
    if (KeyMetadata?.KeyState === "PendingDeletion") return;
    await client.send(
      new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: deletionWindowInDays }),
    );
  },
});

async function findAlias(name: string, call: Call) {
  const client = call.client(KMSClient);
  let Marker: string | undefined;
  do {
    const page = await client.send(new ListAliasesCommand({ Marker }));
    const found = page.Aliases?.find(({ AliasName }) => AliasName === name);
    if (found) return found;
    Marker = page.NextMarker;
  } while (Marker);
  return undefined;
}

/** An alias takes a key's id or ARN; which one the program chose does not matter. */
const keyIdOf = (idOrArn: string) => idOrArn.split("key/").at(-1)!;

const alias = resource<kms.AliasArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 256, prefix: "alias/" } },
    namePrefix: { replaces: true },
    targetKeyId: { required: true },
  },
  outputs: ["targetKeyArn"],
  volatile: ["targetKeyArn"],
  async create(inputs, call) {
    const AliasName = inputs.name!;
    await call
      .client(KMSClient)
      .send(new CreateAliasCommand({ AliasName, TargetKeyId: keyIdOf(inputs.targetKeyId) }));
    return AliasName;
  },
  async read({ id, targetKeyId }, call) {
    const found = await findAlias(id, call);
    if (!found) return undefined;
    const { KeyMetadata } = await call
      .client(KMSClient)
      .send(new DescribeKeyCommand({ KeyId: found.TargetKeyId }));
    const isSame = targetKeyId && keyIdOf(targetKeyId) === found.TargetKeyId;
    return {
      ...{ name: id, arn: found.AliasArn, targetKeyArn: KeyMetadata?.Arn },
      targetKeyId: isSame ? targetKeyId : found.TargetKeyId,
    };
  },
  async update(now, call) {
    const TargetKeyId = keyIdOf(now.targetKeyId);
    await call.client(KMSClient).send(new UpdateAliasCommand({ AliasName: now.id, TargetKeyId }));
  },
  async delete({ id }, call) {
    await call.client(KMSClient).send(new DeleteAliasCommand({ AliasName: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:kms/key:Key": key,
  "aws:kms/alias:Alias": alias,
};
