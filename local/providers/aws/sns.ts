import {
  CreateTopicCommand,
  DeleteTopicCommand,
  GetSubscriptionAttributesCommand,
  GetTopicAttributesCommand,
  ListTagsForResourceCommand,
  SetSubscriptionAttributesCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
  TagResourceCommand,
  UnsubscribeCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-sns";
import { type sns } from "@pulumi/aws";
import { ignoreGone } from "../shared/errors";
import { type AnyResourceType, type Call, idOf, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

/** SNS knows every setting as a text under a name of its own. */
const topicAttributes = {
  displayName: "DisplayName",
  policy: "Policy",
  deliveryPolicy: "DeliveryPolicy",
  kmsMasterKeyId: "KmsMasterKeyId",
  signatureVersion: "SignatureVersion",
  tracingConfig: "TracingConfig",
  fifoTopic: "FifoTopic",
  contentBasedDeduplication: "ContentBasedDeduplication",
} as const;

const subscriptionAttributes = {
  rawMessageDelivery: "RawMessageDelivery",
  filterPolicy: "FilterPolicy",
  filterPolicyScope: "FilterPolicyScope",
  deliveryPolicy: "DeliveryPolicy",
  redrivePolicy: "RedrivePolicy",
  subscriptionRoleArn: "SubscriptionRoleArn",
} as const;

/** A setting as SNS takes it. */
function textOf(settings: object, name: string): string | undefined {
  const value = (settings as Record<string, string | number | boolean | undefined>)[name];
  return value === undefined ? undefined : String(value);
}

function toAttributes(names: Record<string, string>, inputs: object): Record<string, string> {
  const values = inputs as Record<string, unknown>;
  const given = Object.entries(names).filter(
    ([name]) => values[name] !== undefined && values[name] !== false,
  );
  return Object.fromEntries(given.map(([name, attribute]) => [attribute, String(values[name])]));
}

function fromAttributes(
  names: Record<string, string>,
  attributes: Record<string, string> = {},
): Record<string, unknown> {
  const entries = Object.entries(names).map(([name, attribute]) => {
    const value = attributes[attribute];
    return [name, value === "true" || value === "false" ? value === "true" : value || undefined] as const;
  });
  return Object.fromEntries(entries);
}

const topic = resource<sns.TopicArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 256, suffix: { text: ".fifo", when: "fifoTopic" } } },
    namePrefix: { replaces: true },
    fifoTopic: { replaces: true, default: false },
    contentBasedDeduplication: { default: false },
    displayName: {},
    policy: { json: "policy", computed: true },
    deliveryPolicy: { json: true },
    kmsMasterKeyId: {},
    signatureVersion: { computed: true },
    tracingConfig: { computed: true },
    tags: {},
  },
  outputs: ["owner"],
  async create(inputs, call) {
    const Attributes = toAttributes(topicAttributes, inputs);
    const Tags = toTagList(inputs.tagsAll);
    const { TopicArn } = await call
      .client(SNSClient)
      .send(new CreateTopicCommand({ Name: inputs.name, Attributes, Tags }));
    return TopicArn!;
  },
  async read({ id }, call) {
    const client = call.client(SNSClient);
    const { Attributes } = await client.send(new GetTopicAttributesCommand({ TopicArn: id }));
    const { Tags } = await client.send(new ListTagsForResourceCommand({ ResourceArn: id }));
    return {
      ...fromAttributes(topicAttributes, Attributes),
      ...{ name: id.split(":").at(-1), arn: id, owner: Attributes?.Owner, tagsAll: fromTagList(Tags) },
    };
  },
  async update(now, call, was) {
    const client = call.client(SNSClient);
    for (const [name, AttributeName] of Object.entries(topicAttributes)) {
      if (name === "fifoTopic" || !call.changed(name)) continue;
      const AttributeValue = textOf(now, name) ?? "";
      await client.send(new SetTopicAttributesCommand({ TopicArn: now.id, AttributeName, AttributeValue }));
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagResourceCommand({ ResourceArn: now.id, TagKeys: remove }));
      await client.send(new TagResourceCommand({ ResourceArn: now.id, Tags: toTagList(set) }));
    }
  },
  async delete({ id }, call) {
    await call.client(SNSClient).send(new DeleteTopicCommand({ TopicArn: id }));
  },
});

async function putTopicPolicy(TopicArn: string, AttributeValue: string, call: Call): Promise<string> {
  const input = { TopicArn, AttributeName: "Policy", AttributeValue };
  await call.client(SNSClient).send(new SetTopicAttributesCommand(input));
  return TopicArn;
}

/** What AWS gives a topic that has no policy of its own; a topic cannot be without one. */
function standardTopicPolicy(arn: string, account: string): string {
  const Action = [
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
  ]
    .concat(["Subscribe", "ListSubscriptionsByTopic", "Publish"])
    .map((name) => `SNS:${name}`);
  const Condition = { StringEquals: { "AWS:SourceOwner": account } };
  const statement = {
    Sid: "__default_statement_ID",
    Effect: "Allow",
    Principal: { AWS: "*" },
    Action,
    Resource: arn,
    Condition,
  };
  return JSON.stringify({ Version: "2008-10-17", Id: "__default_policy_ID", Statement: [statement] });
}

const topicPolicy = resource<sns.TopicPolicyArgs>({
  inputs: { arn: { required: true, replaces: true }, policy: { required: true, json: "policy" } },
  outputs: ["owner"],
  create: (inputs, call) => putTopicPolicy(inputs.arn, inputs.policy as string, call),
  async read({ id }, call) {
    const { Attributes } = await call.client(SNSClient).send(new GetTopicAttributesCommand({ TopicArn: id }));
    return { arn: id, policy: Attributes?.Policy, owner: Attributes?.Owner };
  },
  async update(now, call) {
    await putTopicPolicy(now.id, now.policy as string, call);
  },
  async delete({ id }, call) {
    await putTopicPolicy(id, standardTopicPolicy(id, await call.accountId()), call);
  },
});

const topicSubscription = resource<sns.TopicSubscriptionArgs>({
  inputs: {
    topic: { required: true, replaces: true },
    protocol: { required: true, replaces: true },
    endpoint: { required: true, replaces: true },
    endpointAutoConfirms: { default: false },
    confirmationTimeoutInMinutes: { default: 1 },
    rawMessageDelivery: { default: false },
    filterPolicy: { json: true },
    filterPolicyScope: { computed: true },
    deliveryPolicy: { json: true },
    redrivePolicy: { json: true },
    subscriptionRoleArn: {},
  },
  outputs: ["ownerId", "pendingConfirmation", "confirmationWasAuthenticated"],
  async create(inputs, call) {
    const { SubscriptionArn } = await call.client(SNSClient).send(
      new SubscribeCommand({
        ...{
          TopicArn: idOf(inputs.topic),
          Protocol: inputs.protocol,
          Endpoint: inputs.endpoint,
        },
        Attributes: toAttributes(subscriptionAttributes, inputs),
        ReturnSubscriptionArn: true, // also while it is not confirmed
      }),
    );
    return SubscriptionArn!;
  },
  async read({ id }, call) {
    const { Attributes } = await call
      .client(SNSClient)
      .send(new GetSubscriptionAttributesCommand({ SubscriptionArn: id }));
    if (!Attributes) return undefined;
    return {
      ...fromAttributes(subscriptionAttributes, Attributes),
      rawMessageDelivery: Attributes.RawMessageDelivery === "true",
      ...{
        arn: id,
        topic: Attributes.TopicArn,
        protocol: Attributes.Protocol,
        endpoint: Attributes.Endpoint,
      },
      ...{ ownerId: Attributes.Owner, pendingConfirmation: Attributes.PendingConfirmation === "true" },
      confirmationWasAuthenticated: Attributes.ConfirmationWasAuthenticated === "true",
    };
  },
  async update(now, call) {
    for (const [name, AttributeName] of Object.entries(subscriptionAttributes)) {
      if (!call.changed(name)) continue;
      const AttributeValue = textOf(now, name) ?? (name === "filterPolicy" ? "{}" : "");
      const input = { SubscriptionArn: now.id, AttributeName, AttributeValue };
      await call.client(SNSClient).send(new SetSubscriptionAttributesCommand(input));
    }
  },
  async delete({ id }, call) {
    await ignoreGone(call.client(SNSClient).send(new UnsubscribeCommand({ SubscriptionArn: id })));
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:sns/topic:Topic": topic,
  "aws:sns/topicPolicy:TopicPolicy": topicPolicy,
  "aws:sns/topicSubscription:TopicSubscription": topicSubscription,
};
