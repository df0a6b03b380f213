import {
  type AttributeDefinition,
  type BillingMode,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  ListTagsOfResourceCommand,
  type StreamViewType,
  type TableDescription,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  type UpdateTableCommandInput,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { type dynamodb } from "@pulumi/aws";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyResourceType, type Call, type Inputs, resource, type State } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";

type Args = dynamodb.TableArgs;

const pollMs = 200;

/** Waits until the table can be changed or used. */
async function whenActive(TableName: string, call: Call): Promise<TableDescription> {
  for (;;) {
    const { Table } = await call.client(DynamoDBClient).send(new DescribeTableCommand({ TableName }));
    if (Table?.TableStatus === "ACTIVE") return Table;
    call.status(`table ${TableName}: ${Table?.TableStatus}`);
    await sleep(pollMs);
  }
}

const throughput = ({ readCapacity, writeCapacity }: Inputs<Args>) => ({
  ReadCapacityUnits: readCapacity ?? 1,
  WriteCapacityUnits: writeCapacity ?? 1,
});

const encryption = ({ serverSideEncryption: given }: Inputs<Args>) => ({
  Enabled: given?.enabled ?? false,
  ...(given?.enabled ? { SSEType: "KMS" as const, KMSMasterKeyId: given.kmsKeyArn } : {}),
});

const stream = ({ streamEnabled, streamViewType }: Inputs<Args>) => ({
  StreamEnabled: streamEnabled ?? false,
  ...(streamEnabled ? { StreamViewType: streamViewType as StreamViewType } : {}),
});

async function putRecovery(TableName: string, enabled: boolean, call: Call): Promise<void> {
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: enabled };
  await call
    .client(DynamoDBClient)
    .send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
}

async function putTimeToLive(TableName: string, { ttl }: Inputs<Args>, call: Call, was?: Inputs<Args>) {
  const AttributeName = ttl?.attributeName ?? was?.ttl?.attributeName;
  if (!AttributeName) return;
  const TimeToLiveSpecification = { AttributeName, Enabled: ttl?.enabled ?? false };
  await call.client(DynamoDBClient).send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
}

const table = resource<Args>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 255 } },
    attributes: { required: true, set: true },
    hashKey: { required: true, replaces: true },
    rangeKey: { replaces: true },
    billingMode: { default: "PROVISIONED" },
    readCapacity: { computed: true },
    writeCapacity: { computed: true },
    deletionProtectionEnabled: { default: false },
    pointInTimeRecovery: { computed: true },
    serverSideEncryption: { computed: true },
    streamEnabled: { default: false },
    streamViewType: { computed: true },
    ttl: { computed: true },
    tags: {},
  },
  outputs: ["streamArn", "streamLabel"],
  volatile: ["streamArn", "streamLabel"],
  async create(inputs, call) {
    const TableName = inputs.name!;
    const onDemand = inputs.billingMode === "PAY_PER_REQUEST";
    await call.client(DynamoDBClient).send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: inputs.attributes!.map(({ name, type }): AttributeDefinition => ({
          AttributeName: name,
          AttributeType: type as AttributeDefinition["AttributeType"],
        })),
        KeySchema: [
          { AttributeName: inputs.hashKey, KeyType: "HASH" },
          ...(inputs.rangeKey ? [{ AttributeName: inputs.rangeKey, KeyType: "RANGE" as const }] : []),
        ],
        BillingMode: inputs.billingMode as BillingMode,
        ...(onDemand ? {} : { ProvisionedThroughput: throughput(inputs) }),
        DeletionProtectionEnabled: inputs.deletionProtectionEnabled,
        SSESpecification: encryption(inputs),
        StreamSpecification: stream(inputs),
        Tags: toTagList(inputs.tagsAll),
      }),
    );
    call.created(TableName);
    await whenActive(TableName, call);
    if (inputs.pointInTimeRecovery?.enabled) await putRecovery(TableName, true, call);
    if (inputs.ttl?.enabled) await putTimeToLive(TableName, inputs, call);
    return TableName;
  },
  async read({ id }, call) {
    const client = call.client(DynamoDBClient);
    const { Table: found } = await client.send(new DescribeTableCommand({ TableName: id }));
    if (!found || found.TableStatus === "DELETING") return undefined;
    const [{ ContinuousBackupsDescription: backups }, { TimeToLiveDescription: life }, { Tags }] =
      await Promise.all([
        client.send(new DescribeContinuousBackupsCommand({ TableName: id })),
        client.send(new DescribeTimeToLiveCommand({ TableName: id })),
        client.send(new ListTagsOfResourceCommand({ ResourceArn: found.TableArn })),
      ]);
    const recovery = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === "ENABLED";
    const expires = life?.TimeToLiveStatus === "ENABLED";
    return {
      ...fromDescription(found),
      pointInTimeRecovery: { enabled: recovery },
      ttl: expires ? { enabled: true, attributeName: life.AttributeName } : undefined,
      tagsAll: fromTagList(Tags),
    };
  },
  async update(now, call, was) {
    const client = call.client(DynamoDBClient);
    const TableName = now.id;
    // DynamoDB takes one of these changes a request.
    for (const change of changesOf(now, call)) {
      await client.send(new UpdateTableCommand({ TableName, ...change }));
      await whenActive(TableName, call);
    }
    if (call.changed("pointInTimeRecovery"))
      await putRecovery(TableName, now.pointInTimeRecovery?.enabled ?? false, call);
    if (call.changed("ttl")) await putTimeToLive(TableName, now, call, was);
    if (call.changed("tagsAll")) await putTags(now, was, call);
  },
  async delete({ id }, call) {
    const client = call.client(DynamoDBClient);
    await client.send(new DeleteTableCommand({ TableName: id }));
    for (;;) {
      await client.send(new DescribeTableCommand({ TableName: id })); // ends with "not found" once it is gone
      await sleep(pollMs);
    }
  },
});

/** What DescribeTable says, in the provider's spelling. */
function fromDescription(found: TableDescription) {
  const key = (type: string) => found.KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const onDemand = found.BillingModeSummary?.BillingMode === "PAY_PER_REQUEST";
  const { SSEDescription: sse, StreamSpecification, ProvisionedThroughput: capacity } = found;
  const encrypted = sse?.Status === "ENABLED";
  const managed = /alias\/aws\/dynamodb$/.test(sse?.KMSMasterKeyArn ?? "");
  return {
    ...{ name: found.TableName, arn: found.TableArn, hashKey: key("HASH"), rangeKey: key("RANGE") },
    attributes: found.AttributeDefinitions?.map((one) => ({
      name: one.AttributeName,
      type: one.AttributeType,
    })),
    billingMode: onDemand ? "PAY_PER_REQUEST" : "PROVISIONED",
    ...(onDemand
      ? {}
      : { readCapacity: capacity?.ReadCapacityUnits, writeCapacity: capacity?.WriteCapacityUnits }),
    deletionProtectionEnabled: found.DeletionProtectionEnabled ?? false,
    serverSideEncryption: encrypted
      ? { enabled: true, ...(managed ? {} : { kmsKeyArn: sse.KMSMasterKeyArn }) }
      : undefined,
    streamEnabled: StreamSpecification?.StreamEnabled ?? false,
    streamViewType: StreamSpecification?.StreamViewType,
    ...{ streamArn: found.LatestStreamArn, streamLabel: found.LatestStreamLabel },
  };
}

function changesOf(now: State<Args>, call: Call): Partial<UpdateTableCommandInput>[] {
  const onDemand = now.billingMode === "PAY_PER_REQUEST";
  const { deletionProtectionEnabled } = now;
  return [
    ...(call.changed("billingMode", "readCapacity", "writeCapacity")
      ? [
          {
            BillingMode: now.billingMode as BillingMode,
            ...(onDemand ? {} : { ProvisionedThroughput: throughput(now) }),
          },
        ]
      : []),
    ...(call.changed("deletionProtectionEnabled")
      ? [{ DeletionProtectionEnabled: deletionProtectionEnabled }]
      : []),
    ...(call.changed("serverSideEncryption") ? [{ SSESpecification: encryption(now) }] : []),
    ...(call.changed("streamEnabled", "streamViewType") ? [{ StreamSpecification: stream(now) }] : []),
  ];
}

async function putTags(now: State<Args>, was: State<Args>, call: Call): Promise<void> {
  const client = call.client(DynamoDBClient);
  const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
  if (remove.length > 0)
    await client.send(new UntagResourceCommand({ ResourceArn: now.arn, TagKeys: remove }));
  await client.send(new TagResourceCommand({ ResourceArn: now.arn, Tags: toTagList(set) }));
}

export const types: Record<string, AnyResourceType> = { "aws:dynamodb/table:Table": table };
