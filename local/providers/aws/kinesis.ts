import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeStreamSummaryCommand,
  IncreaseStreamRetentionPeriodCommand,
  KinesisClient,
  ListTagsForStreamCommand,
  RemoveTagsFromStreamCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
  type StreamMode,
  UpdateShardCountCommand,
  UpdateStreamModeCommand,
} from "@aws-sdk/client-kinesis";
import { type kinesis } from "@pulumi/aws";
import { type AnyResourceType, type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, tagChanges } from "../shared/tags";
import { deliveryStream } from "./firehose";

type StreamInputs = Inputs<kinesis.StreamArgs>;

const hoursAtFirst = 24;

const modeOf = ({ streamModeDetails }: StreamInputs) =>
  (streamModeDetails?.streamMode ?? "PROVISIONED") as StreamMode;

async function setRetention(StreamARN: string, was: number, hours: number, call: Call): Promise<void> {
  if (hours === was) return;
  const input = { StreamARN, RetentionPeriodHours: hours };
  const client = call.client(KinesisClient);
  if (hours > was) await client.send(new IncreaseStreamRetentionPeriodCommand(input));
  else await client.send(new DecreaseStreamRetentionPeriodCommand(input));
}

async function setEncryption(
  StreamARN: string,
  was: Partial<StreamInputs>,
  now: StreamInputs,
  call: Call,
): Promise<void> {
  const client = call.client(KinesisClient);
  if (now.encryptionType === "KMS") {
    const key = { EncryptionType: "KMS" as const, KeyId: now.kmsKeyId };
    await client.send(new StartStreamEncryptionCommand({ StreamARN, ...key }));
  } else if (was.encryptionType === "KMS") {
    const key = { EncryptionType: "KMS" as const, KeyId: was.kmsKeyId };
    await client.send(new StopStreamEncryptionCommand({ StreamARN, ...key }));
  }
}

const stream = resource<kinesis.StreamArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 128 } },
    shardCount: {},
    retentionPeriod: { default: hoursAtFirst },
    encryptionType: { default: "NONE" },
    kmsKeyId: {},
    enforceConsumerDeletion: { default: false },
    streamModeDetails: { computed: true },
    tags: {},
  },
  async create(inputs, call) {
    const client = call.client(KinesisClient);
    const StreamName = inputs.name!;
    await client.send(
      new CreateStreamCommand({
        ...{ StreamName, ShardCount: inputs.shardCount, Tags: inputs.tagsAll },
        StreamModeDetails: { StreamMode: modeOf(inputs) },
      }),
    );
    const { StreamDescriptionSummary } = await client.send(new DescribeStreamSummaryCommand({ StreamName }));
    const arn = StreamDescriptionSummary!.StreamARN!;
    call.created(arn);
    await setRetention(arn, hoursAtFirst, inputs.retentionPeriod ?? hoursAtFirst, call);
    await setEncryption(arn, {}, inputs, call);
    // MiniStack takes no tags with the creation
    const Tags = inputs.tagsAll;
    if (Object.keys(Tags).length > 0) await client.send(new AddTagsToStreamCommand({ StreamARN: arn, Tags }));
    return arn;
  },
  fromImportId: (name) => ({ name }),
  async read({ name: StreamName }, call) {
    const client = call.client(KinesisClient);
    const { StreamDescriptionSummary: found } = await client.send(
      new DescribeStreamSummaryCommand({ StreamName }),
    );
    const { Tags } = await client.send(new ListTagsForStreamCommand({ StreamName }));
    const mode = found?.StreamModeDetails?.StreamMode;
    return {
      ...{
        name: StreamName,
        arn: found?.StreamARN,
        id: found?.StreamARN,
        retentionPeriod: found?.RetentionPeriodHours,
      },
      ...{ encryptionType: found?.EncryptionType, kmsKeyId: found?.KeyId },
      // a stream on demand has as many as it needs
      shardCount: mode === "ON_DEMAND" ? undefined : found?.OpenShardCount,
      streamModeDetails: { streamMode: mode },
      tagsAll: fromTagList(Tags),
    };
  },
  async update(now, call, was) {
    const client = call.client(KinesisClient);
    const StreamARN = now.id;
    if (call.changed("streamModeDetails") && modeOf(now) !== modeOf(was)) {
      const StreamModeDetails = { StreamMode: modeOf(now) };
      await client.send(new UpdateStreamModeCommand({ StreamARN, StreamModeDetails }));
    }
    if (call.changed("shardCount") && now.shardCount) {
      const shards = { TargetShardCount: now.shardCount, ScalingType: "UNIFORM_SCALING" as const };
      await client.send(new UpdateShardCountCommand({ StreamARN, ...shards }));
    }
    if (call.changed("retentionPeriod")) {
      const before = was.retentionPeriod ?? hoursAtFirst;
      await setRetention(StreamARN, before, now.retentionPeriod ?? hoursAtFirst, call);
    }
    if (call.changed("encryptionType", "kmsKeyId")) await setEncryption(StreamARN, was, now, call);
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new RemoveTagsFromStreamCommand({ StreamARN, TagKeys: remove }));
      if (Object.keys(set).length > 0)
        await client.send(new AddTagsToStreamCommand({ StreamARN, Tags: set }));
    }
  },
  async delete({ id, enforceConsumerDeletion }, call) {
    await call
      .client(KinesisClient)
      .send(
        new DeleteStreamCommand({ StreamARN: id, EnforceConsumerDeletion: enforceConsumerDeletion ?? false }),
      );
  },
});

export const types: Record<string, AnyResourceType> = {
  "aws:kinesis/stream:Stream": stream,
  "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream": deliveryStream,
};
