import { type Batch, keys } from "../shared/batches/batch";
import { type Ports } from "./ports";
import { type Table } from "./rows";

/** What a run needs to end what it has begun. */
export const spareMilliseconds = 60_000;

/** The file that was uploaded, of just the version that the batch is of. @throws Unfit */
export async function openInput(batch: Batch, { objects, reader }: Ports): Promise<Table> {
  return reader.open(batch.format, await objects.read(keys.input(batch), batch.version));
}
