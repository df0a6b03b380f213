import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteResourcePolicyCommand,
  DeleteRetentionPolicyCommand,
  DescribeLogGroupsCommand,
  DescribeResourcePoliciesCommand,
  ListTagsForResourceCommand,
  type LogGroupClass,
  PutResourcePolicyCommand,
  PutRetentionPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
  AssociateKmsKeyCommand,
  DisassociateKmsKeyCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import { type cloudwatch } from "@pulumi/aws";
import { type Call, resource } from "../shared/resource";
import { tagChanges } from "../shared/tags";

async function putRetention(logGroupName: string, days: number | undefined, call: Call): Promise<void> {
  const client = call.client(CloudWatchLogsClient);
  if (days) await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: days }));
  else await client.send(new DeleteRetentionPolicyCommand({ logGroupName })); // 0: kept for ever
}

export const logGroup = resource<cloudwatch.LogGroupArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 512 } },
    namePrefix: { replaces: true },
    retentionInDays: { default: 0 },
    kmsKeyId: {},
    logGroupClass: { replaces: true, computed: true },
    skipDestroy: { default: false },
    tags: {},
  },
  async create(inputs, call) {
    const logGroupName = inputs.name!;
    await call.client(CloudWatchLogsClient).send(
      new CreateLogGroupCommand({
        ...{ logGroupName, kmsKeyId: inputs.kmsKeyId, tags: inputs.tagsAll },
        logGroupClass: inputs.logGroupClass as LogGroupClass | undefined,
      }),
    );
    call.created(logGroupName);
    if (inputs.retentionInDays) await putRetention(logGroupName, inputs.retentionInDays, call);
    return logGroupName;
  },
  async read({ id }, call) {
    const client = call.client(CloudWatchLogsClient);
    const { logGroups = [] } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: id }));
    const found = logGroups.find(({ logGroupName }) => logGroupName === id);
    if (!found) return undefined;
    const arn = found.arn?.replace(/:\*$/, "");
    const { tags = {} } = await client.send(new ListTagsForResourceCommand({ resourceArn: arn }));
    return {
      ...{ name: id, arn, retentionInDays: found.retentionInDays ?? 0, kmsKeyId: found.kmsKeyId },
      ...{ logGroupClass: found.logGroupClass ?? "STANDARD", tagsAll: tags },
    };
  },
  async update(now, call, was) {
    const client = call.client(CloudWatchLogsClient);
    const logGroupName = now.id;
    if (call.changed("retentionInDays")) await putRetention(logGroupName, now.retentionInDays, call);
    if (call.changed("kmsKeyId")) {
      const { kmsKeyId } = now;
      if (kmsKeyId) await client.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId }));
      else await client.send(new DisassociateKmsKeyCommand({ logGroupName }));
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagResourceCommand({ resourceArn: now.arn, tagKeys: remove }));
      await client.send(new TagResourceCommand({ resourceArn: now.arn, tags: set }));
    }
  },
  async delete({ id, skipDestroy }, call) {
    if (skipDestroy) return;
    await call.client(CloudWatchLogsClient).send(new DeleteLogGroupCommand({ logGroupName: id }));
  },
});

async function putResourcePolicy(policyName: string, policyDocument: string, call: Call): Promise<string> {
  await call.client(CloudWatchLogsClient).send(new PutResourcePolicyCommand({ policyName, policyDocument }));
  return policyName;
}

export const logResourcePolicy = resource<cloudwatch.LogResourcePolicyArgs>({
  inputs: {
    policyName: { required: true, replaces: true },
    policyDocument: { required: true, json: "policy" },
  },
  create: (inputs, call) => putResourcePolicy(inputs.policyName!, inputs.policyDocument as string, call),
  async read({ id }, call) {
    const { resourcePolicies = [] } = await call
      .client(CloudWatchLogsClient)
      .send(new DescribeResourcePoliciesCommand({}));
    const found = resourcePolicies.find(({ policyName }) => policyName === id);
    return found && { policyName: id, policyDocument: found.policyDocument };
  },
  async update(now, call) {
    await putResourcePolicy(now.id, now.policyDocument as string, call);
  },
  async delete({ id }, call) {
    await call.client(CloudWatchLogsClient).send(new DeleteResourcePolicyCommand({ policyName: id }));
  },
});
