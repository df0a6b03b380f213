import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type s3 } from "@pulumi/aws";
import { type Call, type Inputs, resource } from "../shared/resource";
import { bucketRule, settingOfBucket } from "./s3-setting";

/** A bucket has one configuration, which this resource owns: what is not in it is not sent. */
async function putNotification(inputs: Inputs<s3.BucketNotificationArgs>, call: Call): Promise<string> {
  const EventBridgeConfiguration = inputs.eventbridge ? {} : undefined;
  await call.client(S3Client).send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: inputs.bucket,
      NotificationConfiguration: { EventBridgeConfiguration },
    }),
  );
  return inputs.bucket;
}

export const bucketNotification = resource<s3.BucketNotificationArgs>({
  ...settingOfBucket,
  // Slipway's programs send all events to EventBridge, which knows many targets; S3's own ones are not needed.
  inputs: { bucket: bucketRule, eventbridge: { default: false } },
  create: putNotification,
  async read({ id }, call) {
    const found = await call
      .client(S3Client)
      .send(new GetBucketNotificationConfigurationCommand({ Bucket: id }));
    return { bucket: id, eventbridge: found.EventBridgeConfiguration !== undefined };
  },
  async update(now, call) {
    await putNotification(now, call);
  },
  async delete({ id }, call) {
    await putNotification({ bucket: id }, call);
  },
});
