import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueueTagsCommand,
  type QueueAttributeName,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { type sqs } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { tagChanges } from "../shared/tags";

/** SQS knows every setting as a text under a name of its own. */
const attributeNames = {
  delaySeconds: "DelaySeconds",
  maxMessageSize: "MaximumMessageSize",
  messageRetentionSeconds: "MessageRetentionPeriod",
  receiveWaitTimeSeconds: "ReceiveMessageWaitTimeSeconds",
  visibilityTimeoutSeconds: "VisibilityTimeout",
  policy: "Policy",
  redrivePolicy: "RedrivePolicy",
  redriveAllowPolicy: "RedriveAllowPolicy",
  kmsMasterKeyId: "KmsMasterKeyId",
  kmsDataKeyReusePeriodSeconds: "KmsDataKeyReusePeriodSeconds",
  sqsManagedSseEnabled: "SqsManagedSseEnabled",
  fifoQueue: "FifoQueue",
  contentBasedDeduplication: "ContentBasedDeduplication",
  deduplicationScope: "DeduplicationScope",
  fifoThroughputLimit: "FifoThroughputLimit",
} as const satisfies Partial<Record<keyof sqs.QueueArgs, QueueAttributeName>>;

type AttributeProperty = keyof typeof attributeNames;
const properties = Object.keys(attributeNames) as AttributeProperty[];

function attributesOf(inputs: Inputs<sqs.QueueArgs>, wanted: (name: AttributeProperty) => boolean) {
  const entries = properties
    .filter(wanted)
    // "" is how SQS is told to forget a setting.
    .map((name) => [attributeNames[name], inputs[name] === undefined ? "" : String(inputs[name])]);
  return Object.fromEntries(entries) as Partial<Record<QueueAttributeName, string>>;
}

function fromAttribute(value: string | undefined): unknown {
  if (value === "true" || value === "false") return value === "true";
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : value || undefined;
}

const queue = resource<sqs.QueueArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 80, suffix: { text: ".fifo", when: "fifoQueue" } } },
    namePrefix: { replaces: true },
    fifoQueue: { replaces: true, default: false },
    delaySeconds: { default: 0 },
    maxMessageSize: { computed: true },
    messageRetentionSeconds: { default: 345600 },
    receiveWaitTimeSeconds: { default: 0 },
    visibilityTimeoutSeconds: { default: 30 },
    policy: { json: "policy", computed: true },
    redrivePolicy: { json: true },
    redriveAllowPolicy: { json: true },
    kmsMasterKeyId: {},
    kmsDataKeyReusePeriodSeconds: { computed: true },
    sqsManagedSseEnabled: { computed: true },
    contentBasedDeduplication: { default: false },
    deduplicationScope: { computed: true },
    fifoThroughputLimit: { computed: true },
    tags: {},
  },
  outputs: ["url"],
  async create(inputs, call) {
    const given = (name: AttributeProperty) => inputs[name] !== undefined && inputs[name] !== false;
    const { QueueUrl } = await call.client(SQSClient).send(
      new CreateQueueCommand({
        QueueName: inputs.name,
        Attributes: attributesOf(inputs, given),
        tags: inputs.tagsAll,
      }),
    );
    return QueueUrl!;
  },
  async read({ id }, call) {
    const client = call.client(SQSClient);
    const { Attributes = {} } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: id, AttributeNames: ["All"] }),
    );
    const { Tags = {} } = await client.send(new ListQueueTagsCommand({ QueueUrl: id }));
    const found = properties.map((name) => [name, fromAttribute(Attributes[attributeNames[name]])]);
    return {
      ...(Object.fromEntries(found) as Record<string, unknown>),
      ...{ name: id.split("/").at(-1), arn: Attributes.QueueArn, url: id, tagsAll: Tags },
    };
  },
  async update(now, call, was) {
    const client = call.client(SQSClient);
    const QueueUrl = now.id;
    const Attributes = attributesOf(now, (name) => name !== "fifoQueue" && call.changed(name));
    if (Object.keys(Attributes).length > 0)
      await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0) await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: remove }));
      await client.send(new TagQueueCommand({ QueueUrl, Tags: set }));
    }
  },
  async delete({ id }, call) {
    await call.client(SQSClient).send(new DeleteQueueCommand({ QueueUrl: id }));
  },
});

async function putQueuePolicy(QueueUrl: string, Policy: string, call: Call): Promise<string> {
  await call.client(SQSClient).send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return QueueUrl;
}

const queuePolicy = resource<sqs.QueuePolicyArgs>({
  inputs: { queueUrl: { required: true, replaces: true }, policy: { required: true, json: "policy" } },
  create: (inputs, call) => putQueuePolicy(inputs.queueUrl, inputs.policy as string, call),
  async read({ id }, call) {
    const { Attributes } = await call
      .client(SQSClient)
      .send(new GetQueueAttributesCommand({ QueueUrl: id, AttributeNames: ["Policy"] }));
    return Attributes?.Policy ? { queueUrl: id, policy: Attributes.Policy } : undefined;
  },
  async update(now, call) {
    await putQueuePolicy(now.id, now.policy as string, call);
  },
  async delete({ id }, call) {
    await putQueuePolicy(id, "", call);
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:sqs/queue:Queue": queue,
  "aws:sqs/queuePolicy:QueuePolicy": queuePolicy,
};
