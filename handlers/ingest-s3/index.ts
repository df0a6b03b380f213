import * as v from "valibot";
import { ingestHandler } from "../shared/landing/entry";
import { landNew, landOne } from "../shared/landing/incoming";
import { S3Drop } from "../shared/landing/s3-drop";

/** Files of a bucket -> data bucket: the one that an event names, or all that are new. */

const settingsSchema = v.object({
  bucket: v.string(),
  prefix: v.string(),
  maxMegabytes: v.number(),
});

/** What EventBridge sends when an object was written; any other event asks for a run. */
const objectCreatedSchema = v.object({
  "detail-type": v.literal("Object Created"),
  detail: v.object({ object: v.object({ key: v.string() }) }),
});

export const handler = ingestHandler(settingsSchema, (ingest, event) => {
  const { bucket, prefix, maxMegabytes } = ingest.settings;
  const drop = new S3Drop(bucket);
  const arrivals = { prefix, maxBytes: maxMegabytes * 1e6 };
  const created = v.safeParse(objectCreatedSchema, event);
  return created.success
    ? landOne(ingest, drop, arrivals, created.output.detail.object.key)
    : landNew(ingest, drop, arrivals);
});
