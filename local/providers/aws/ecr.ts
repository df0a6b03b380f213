import {
  CreateRepositoryCommand,
  DeleteLifecyclePolicyCommand,
  DeleteRepositoryCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  type EncryptionType,
  GetLifecyclePolicyCommand,
  type ImageTagMutability,
  paginateDescribeImages,
  ListTagsForResourceCommand,
  PutImageScanningConfigurationCommand,
  PutImageTagMutabilityCommand,
  PutLifecyclePolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-ecr";
import { type ecr } from "@pulumi/aws";
import { localHome } from "../../state";
import { removeStored } from "../docker/store";
import { type AnyResourceType, type Call, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

/** What the local store holds of the repository's images: on AWS it would go with them. */
async function forgetImages(repositoryName: string, call: Call): Promise<void> {
  const client = call.client(ECRClient);
  const found = await client.send(new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] }));
  const uri = found.repositories?.[0]?.repositoryUri ?? "";
  for await (const { imageDetails = [] } of paginateDescribeImages({ client }, { repositoryName })) {
    for (const { imageDigest = "" } of imageDetails) removeStored(localHome(), uri, imageDigest);
  }
}

const repository = resource<ecr.RepositoryArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 256, lowercase: true } },
    encryptionConfigurations: { replaces: true, computed: true },
    forceDelete: {},
    imageScanningConfiguration: { computed: true },
    imageTagMutability: { default: "MUTABLE" },
    tags: {},
  },
  outputs: ["registryId", "repositoryUrl"],
  async create(inputs, call) {
    const encryption = inputs.encryptionConfigurations?.[0];
    const { repository: made } = await call.client(ECRClient).send(
      new CreateRepositoryCommand({
        repositoryName: inputs.name,
        imageTagMutability: inputs.imageTagMutability as ImageTagMutability,
        imageScanningConfiguration: inputs.imageScanningConfiguration,
        encryptionConfiguration: encryption && {
          encryptionType: (encryption.encryptionType ?? "AES256") as EncryptionType,
          kmsKey: encryption.kmsKey,
        },
        tags: toTagList(inputs.tagsAll),
      }),
    );
    return made!.repositoryName!;
  },
  async read({ id }, call) {
    const client = call.client(ECRClient);
    const { repositories } = await client.send(new DescribeRepositoriesCommand({ repositoryNames: [id] }));
    const found = repositories?.[0];
    if (!found) return undefined;
    const { tags } = await client.send(new ListTagsForResourceCommand({ resourceArn: found.repositoryArn }));
    const encryption = found.encryptionConfiguration;
    return {
      ...{
        name: id,
        arn: found.repositoryArn,
        registryId: found.registryId,
        repositoryUrl: found.repositoryUri,
      },
      imageTagMutability: found.imageTagMutability ?? "MUTABLE",
      imageScanningConfiguration: { scanOnPush: found.imageScanningConfiguration?.scanOnPush ?? false },
      encryptionConfigurations: encryption && [
        { encryptionType: encryption.encryptionType, kmsKey: encryption.kmsKey },
      ],
      tagsAll: fromTagList(tags),
    };
  },
  async update(now, call, was) {
    const client = call.client(ECRClient);
    const repositoryName = now.id;
    if (call.changed("imageTagMutability")) {
      const imageTagMutability = now.imageTagMutability as ImageTagMutability;
      await client.send(new PutImageTagMutabilityCommand({ repositoryName, imageTagMutability }));
    }
    if (call.changed("imageScanningConfiguration")) {
      const { imageScanningConfiguration = { scanOnPush: false } } = now;
      await client.send(
        new PutImageScanningConfigurationCommand({ repositoryName, imageScanningConfiguration }),
      );
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagResourceCommand({ resourceArn: now.arn, tagKeys: remove }));
      await client.send(new TagResourceCommand({ resourceArn: now.arn, tags: toTagList(set) }));
    }
  },
  async delete({ id, forceDelete }, call) {
    if (forceDelete) await forgetImages(id, call);
    await call
      .client(ECRClient)
      .send(new DeleteRepositoryCommand({ repositoryName: id, force: forceDelete ?? false }));
  },
});

const lifecyclePolicy = resource<ecr.LifecyclePolicyArgs>({
  inputs: {
    repository: { required: true, replaces: true },
    policy: { required: true, replaces: true, json: true },
  },
  outputs: ["registryId"],
  async create(inputs, call) {
    const [repositoryName, lifecyclePolicyText] = [inputs.repository, inputs.policy as string];
    await call.client(ECRClient).send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }));
    return repositoryName;
  },
  async read({ id }, call) {
    const found = await call.client(ECRClient).send(new GetLifecyclePolicyCommand({ repositoryName: id }));
    return { repository: id, policy: found.lifecyclePolicyText, registryId: found.registryId };
  },
  async delete({ id }, call) {
    await call.client(ECRClient).send(new DeleteLifecyclePolicyCommand({ repositoryName: id }));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:ecr/repository:Repository": repository,
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": lifecyclePolicy,
};
