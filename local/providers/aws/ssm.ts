import {
  AddTagsToResourceCommand,
  DeleteParameterCommand,
  DescribeParametersCommand,
  GetParameterCommand,
  ListTagsForResourceCommand,
  type ParameterTier,
  type ParameterType,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
import { type ssm } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

async function putParameter(
  inputs: Inputs<ssm.ParameterArgs>,
  options: { Overwrite?: boolean; Tags?: { Key: string; Value: string }[] },
  call: Call,
): Promise<void> {
  await call.client(SSMClient).send(
    new PutParameterCommand({
      Name: inputs.name,
      Type: inputs.type as ParameterType,
      Value: inputs.insecureValue ?? inputs.value,
      Description: inputs.description,
      AllowedPattern: inputs.allowedPattern,
      DataType: inputs.dataType,
      Tier: inputs.tier as ParameterTier | undefined,
      KeyId: inputs.type === "SecureString" ? inputs.keyId : undefined,
      ...options,
    }),
  );
}

const parameter = resource<ssm.ParameterArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 2048 } },
    type: { required: true },
    value: { secret: true, computed: true },
    insecureValue: { computed: true },
    description: {},
    allowedPattern: {},
    dataType: { computed: true, replaces: true },
    keyId: { computed: true },
    tier: { computed: true, replaces: (was, now) => was === "Advanced" && now === "Standard" },
    overwrite: {},
    tags: {},
  },
  outputs: ["version"],
  volatile: ["version"],
  async create(inputs, call) {
    const Name = inputs.name!;
    const Tags = toTagList(inputs.tagsAll);
    await putParameter(inputs, inputs.overwrite ? { Overwrite: true } : { Tags }, call);
    call.created(Name);
    if (inputs.overwrite && Tags.length > 0) {
      const ids = { ResourceType: "Parameter", ResourceId: Name } as const;
      await call.client(SSMClient).send(new AddTagsToResourceCommand({ ...ids, Tags })); // Overwrite and Tags exclude each other
    }
    return Name;
  },
  async read({ id, insecureValue }, call) {
    const client = call.client(SSMClient);
    const { Parameter: found } = await client.send(
      new GetParameterCommand({ Name: id, WithDecryption: true }),
    );
    if (!found) return undefined;
    const ParameterFilters = [{ Key: "Name", Option: "Equals", Values: [id] }];
    const { Parameters = [] } = await client.send(new DescribeParametersCommand({ ParameterFilters }));
    const { TagList } = await client.send(
      new ListTagsForResourceCommand({ ResourceType: "Parameter", ResourceId: id }),
    );
    const details = Parameters[0];
    return {
      ...{
        name: id,
        arn: found.ARN,
        type: found.Type,
        version: found.Version,
        dataType: found.DataType ?? "text",
      },
      ...(insecureValue !== undefined ? { insecureValue: found.Value } : { value: found.Value }),
      ...{
        description: details?.Description || undefined,
        allowedPattern: details?.AllowedPattern || undefined,
      },
      ...{ tier: details?.Tier ?? "Standard", keyId: details?.KeyId, tagsAll: fromTagList(TagList) },
    };
  },
  async update(now, call, was) {
    const client = call.client(SSMClient);
    const content = ["type", "value", "insecureValue", "description", "allowedPattern", "keyId", "tier"];
    if (call.changed(...content)) await putParameter(now, { Overwrite: true }, call);
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      const ids = { ResourceType: "Parameter", ResourceId: now.id } as const;
      if (remove.length > 0)
        await client.send(new RemoveTagsFromResourceCommand({ ...ids, TagKeys: remove }));
      await client.send(new AddTagsToResourceCommand({ ...ids, Tags: toTagList(set) }));
    }
  },
  async delete({ id }, call) {
    await call.client(SSMClient).send(new DeleteParameterCommand({ Name: id }));
  },
});

export const types: Record<string, AnyResourceType> = { "aws:ssm/parameter:Parameter": parameter };
