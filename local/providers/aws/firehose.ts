import {
  CreateDeliveryStreamCommand,
  DeleteDeliveryStreamCommand,
  type DeliveryStreamDescription,
  DescribeDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  type ExtendedS3DestinationDescription,
  FirehoseClient,
  ListTagsForDeliveryStreamCommand,
  type Processor,
  TagDeliveryStreamCommand,
  UntagDeliveryStreamCommand,
  UpdateDestinationCommand,
} from "@aws-sdk/client-firehose";
import { type kinesis } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";
import { fromTagList, tagChanges, toTagList } from "../shared/tags";
import { isObject, type Properties } from "../shared/values";

type DeliveryInputs = Inputs<kinesis.FirehoseDeliveryStreamArgs>;
type S3Configuration = NonNullable<DeliveryInputs["extendedS3Configuration"]>;

/** AWS's, for what the program leaves out. */
const s3Defaults = { bufferingInterval: 300, bufferingSize: 5, compressionFormat: "UNCOMPRESSED" };
const supported = [
  ...["roleArn", "bucketArn", "prefix", "errorOutputPrefix", "fileExtension", "customTimeZone", "kmsKeyArn"],
  ...["cloudwatchLoggingOptions", "processingConfiguration", ...Object.keys(s3Defaults)],
];

function toDestination(s3: S3Configuration): ExtendedS3DestinationConfiguration {
  const { processingConfiguration: processing, cloudwatchLoggingOptions: log } = s3;
  return {
    ...{ RoleARN: s3.roleArn, BucketARN: s3.bucketArn, Prefix: s3.prefix ?? "" },
    ...{ ErrorOutputPrefix: s3.errorOutputPrefix ?? "", FileExtension: s3.fileExtension },
    BufferingHints: { SizeInMBs: s3.bufferingSize, IntervalInSeconds: s3.bufferingInterval },
    CompressionFormat: s3.compressionFormat as ExtendedS3DestinationConfiguration["CompressionFormat"],
    CustomTimeZone: s3.customTimeZone,
    EncryptionConfiguration: s3.kmsKeyArn
      ? { KMSEncryptionConfig: { AWSKMSKeyARN: s3.kmsKeyArn } }
      : undefined,
    CloudWatchLoggingOptions: {
      ...{ Enabled: log?.enabled ?? false, LogGroupName: log?.logGroupName },
      LogStreamName: log?.logStreamName,
    },
    ProcessingConfiguration: {
      Enabled: processing?.enabled ?? false,
      Processors: processing?.processors?.map(({ type, parameters = [] }) => ({
        Type: type as Processor["Type"],
        Parameters: parameters.map(({ parameterName, parameterValue }) => ({
          ParameterName: parameterName as NonNullable<Processor["Parameters"]>[number]["ParameterName"],
          ParameterValue: parameterValue,
        })),
      })),
    },
  };
}

function fromDestination(s3: ExtendedS3DestinationDescription): Properties {
  const { ProcessingConfiguration: processing, CloudWatchLoggingOptions: log } = s3;
  return {
    ...{ roleArn: s3.RoleARN, bucketArn: s3.BucketARN, prefix: s3.Prefix },
    ...{ errorOutputPrefix: s3.ErrorOutputPrefix, fileExtension: s3.FileExtension },
    ...{ bufferingSize: s3.BufferingHints?.SizeInMBs, compressionFormat: s3.CompressionFormat },
    ...{ bufferingInterval: s3.BufferingHints?.IntervalInSeconds, customTimeZone: s3.CustomTimeZone },
    kmsKeyArn: s3.EncryptionConfiguration?.KMSEncryptionConfig?.AWSKMSKeyARN,
    cloudwatchLoggingOptions: {
      ...{ enabled: log?.Enabled, logGroupName: log?.LogGroupName, logStreamName: log?.LogStreamName },
    },
    processingConfiguration: {
      enabled: processing?.Enabled,
      processors: processing?.Processors?.map(({ Type, Parameters = [] }) => ({
        type: Type,
        parameters: Parameters.map(({ ParameterName, ParameterValue }) => ({
          ...{ parameterName: ParameterName, parameterValue: ParameterValue },
        })),
      })),
    },
  };
}

async function describe(id: string, call: Call): Promise<DeliveryStreamDescription> {
  const DeliveryStreamName = nameOf(id);
  const { DeliveryStreamDescription } = await call
    .client(FirehoseClient)
    .send(new DescribeDeliveryStreamCommand({ DeliveryStreamName }));
  return DeliveryStreamDescription!;
}

const nameOf = (arn: string) => arn.split("/").at(-1)!;

export const deliveryStream = resource<kinesis.FirehoseDeliveryStreamArgs>({
  inputs: {
    name: { replaces: true, autoName: { maxLength: 64 } },
    destination: { required: true, replaces: true },
    kinesisSourceConfiguration: { replaces: true },
    extendedS3Configuration: { required: true },
    destinationId: { computed: true },
    versionId: { computed: true },
    tags: {},
  },
  volatile: ["versionId"],
  prepare(inputs) {
    const { destination, extendedS3Configuration: s3 } = inputs;
    if (destination !== "extended_s3") {
      throw new Error(
        `The laptop target has delivery streams to S3 only: destination is '${destination}', write 'extended_s3'.`,
      );
    }
    if (!isObject(s3)) return Promise.resolve(inputs as Properties);
    const other = Object.keys(s3).find((name) => !supported.includes(name));
    if (other) {
      throw new Error(
        `The laptop target does not support extendedS3Configuration.${other} of a delivery stream. ` +
          `It supports ${supported.join(", ")}. Leave it out on this stack, or add it to local/providers/aws/firehose.ts.`,
      );
    }
    return Promise.resolve({ ...inputs, extendedS3Configuration: { ...s3Defaults, ...s3 } });
  },
  async create(inputs, call) {
    const source = inputs.kinesisSourceConfiguration;
    const tags = toTagList(inputs.tagsAll);
    const { DeliveryStreamARN } = await call.client(FirehoseClient).send(
      new CreateDeliveryStreamCommand({
        DeliveryStreamName: inputs.name,
        DeliveryStreamType: source ? "KinesisStreamAsSource" : "DirectPut",
        KinesisStreamSourceConfiguration: source && {
          ...{ KinesisStreamARN: source.kinesisStreamArn, RoleARN: source.roleArn },
        },
        ExtendedS3DestinationConfiguration: toDestination(inputs.extendedS3Configuration!),
        Tags: tags.length > 0 ? tags : undefined,
      }),
    );
    return DeliveryStreamARN!;
  },
  async read({ id }, call) {
    const found = await describe(id, call);
    const { Tags } = await call
      .client(FirehoseClient)
      .send(new ListTagsForDeliveryStreamCommand({ DeliveryStreamName: nameOf(id) }));
    const [destination] = found.Destinations ?? [];
    const source = found.Source?.KinesisStreamSourceDescription;
    return {
      ...{ name: found.DeliveryStreamName, arn: found.DeliveryStreamARN, versionId: found.VersionId },
      ...{ destination: "extended_s3", destinationId: destination?.DestinationId },
      kinesisSourceConfiguration: source && {
        ...{ kinesisStreamArn: source.KinesisStreamARN, roleArn: source.RoleARN },
      },
      extendedS3Configuration: fromDestination(destination!.ExtendedS3DestinationDescription!),
      tagsAll: fromTagList(Tags),
    };
  },
  async update(now, call, was) {
    const client = call.client(FirehoseClient);
    const DeliveryStreamName = nameOf(now.id);
    if (call.changed("extendedS3Configuration")) {
      const { VersionId, Destinations } = await describe(now.id, call);
      await client.send(
        new UpdateDestinationCommand({
          DeliveryStreamName,
          CurrentDeliveryStreamVersionId: VersionId,
          DestinationId: Destinations?.[0]?.DestinationId,
          ExtendedS3DestinationUpdate: toDestination(now.extendedS3Configuration!),
        }),
      );
    }
    if (call.changed("tagsAll")) {
      const { set, remove } = tagChanges(was.tagsAll, now.tagsAll);
      if (remove.length > 0)
        await client.send(new UntagDeliveryStreamCommand({ DeliveryStreamName, TagKeys: remove }));
      const Tags = toTagList(set);
      if (Tags.length > 0) await client.send(new TagDeliveryStreamCommand({ DeliveryStreamName, Tags }));
    }
  },
  async delete({ id }, call) {
    await call
      .client(FirehoseClient)
      .send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: nameOf(id) }));
  },
});
