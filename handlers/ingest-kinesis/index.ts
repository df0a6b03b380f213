import * as v from "valibot";
import { ingestHandler } from "../shared/landing/entry";
import { RecordCheck } from "../shared/record-check";
import { recordSchema } from "../shared/schema";
import { ingest } from "./ingest";

/** Called by EventBridge when Firehose has written an object, by the schedule, and by `slipway ingest`. */

const check = new RecordCheck(recordSchema);

export const handler = ingestHandler(v.object({}), (source, event) => ingest(source, event, check));
