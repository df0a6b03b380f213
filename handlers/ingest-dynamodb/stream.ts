import { type DynamoDBRecord } from "aws-lambda";
import { Readable } from "node:stream";
import { type Ingest } from "../shared/landing/entry";
import { type Identity, type IngestResult, land, nameOf } from "../shared/landing/landing";
import { setAside } from "../shared/landing/set-aside";
import { checkColumns, Unfit } from "../shared/landing/shape";
import { recordSchema } from "../shared/schema";
import { type Attributes, type Item, Mapper } from "./items";

/** Lambda retries the batch from the record that is named; none: all is done. */
export interface BatchResult extends IngestResult {
  batchItemFailures: { itemIdentifier: string }[];
}

/**
 * Lands one batch of a table's stream: the items as they are after the change. Items that do not fit the schema are set
 * aside together, so that one of them does not hold the others up; deletions are passed by.
 * @throws the store's error; Lambda then gives the batch again, or half of it.
 */
export async function landBatch(
  ingest: Ingest<{ attributes: Attributes }>,
  records: DynamoDBRecord[],
): Promise<BatchResult> {
  const { log, settings, source, store } = ingest;
  const result: BatchResult = { source, landed: [], setAside: [], batchItemFailures: [] };
  const mapper = new Mapper(recordSchema, settings.attributes);
  const images = records.flatMap(({ dynamodb }) => (dynamodb?.NewImage ? [dynamodb.NewImage as Item] : []));
  if (images.length < records.length)
    log.info("deleted items are not taken back", { deletions: records.length - images.length });
  const items = images.map((image) => mapper.named(image));
  const faults = items.map(faultOf);
  const fit = items.filter((_, index) => !faults[index]);
  const unfit = items.filter((_, index) => faults[index]);
  const fault = faults.find((one) => one !== undefined);
  const lines = (some: Item[]) => {
    const fields = mapper.fieldsOf(some);
    return Readable.from(some.map((item) => Buffer.from(mapper.line(item, fields))));
  };

  if (fit.length > 0) {
    const outcome = await land(store, { ...identityOf(source, records, "fit"), body: lines(fit) });
    if (outcome !== "already" && "rows" in outcome) result.landed.push(outcome);
    else if (outcome !== "already") result.setAside.push(outcome);
  }
  if (fault) {
    const words = new Unfit(
      `${fault.message}; ${unfit.length} of ${images.length} items of the batch do not fit`,
    );
    result.setAside.push(await setAside(store, identityOf(source, records, "unfit"), words, lines(unfit)));
  }
  return result;
}

function faultOf(item: Item): Unfit | undefined {
  try {
    checkColumns(Object.keys(item), recordSchema);
    return undefined;
  } catch (error) {
    if (error instanceof Unfit) return error;
    throw error;
  }
}

/** The same for the same records: those of a shard have numbers that grow. */
function identityOf(source: string, records: DynamoDBRecord[], what: string): Identity {
  const [first, last] = [records[0], records.at(-1)];
  const numbers = [first?.dynamodb?.SequenceNumber ?? "", last?.dynamodb?.SequenceNumber ?? ""];
  const [table = "", stream = ""] =
    first?.eventSourceARN?.split("/").slice(1).join("/").split("/stream/") ?? [];
  const seconds = first?.dynamodb?.ApproximateCreationDateTime ?? 0;
  return {
    ...{ source, name: nameOf(numbers[0] ?? "", stream, ...numbers, what), format: "jsonl", gzip: false },
    date: new Date(seconds * 1000).toISOString().slice(0, 10),
    origin: `the stream ${stream} of the table ${table}`,
    position: { from: numbers[0], to: numbers[1] },
  };
}
