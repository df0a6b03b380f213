import { type FirehoseTransformationEvent } from "aws-lambda";
import { createLog } from "../shared/log";
import { RecordCheck } from "../shared/record-check";
import { recordSchema } from "../shared/schema";
import { transform } from "./transform";

/** Called by Firehose with the records of a data stream, before it writes them to the data bucket. */

const check = new RecordCheck(recordSchema);
const log = createLog({ function: "transform-kinesis" });

// A promise: what a Node.js function returns at once is nothing to Lambda.
export const handler = (event: FirehoseTransformationEvent) => Promise.resolve(transform(event, check, log));
