import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync } from "hyparquet";
import { type RecordSchema } from "../schema";
import { checkColumns, Unfit } from "./shape";

/** Any part of a file. */
export type ByteSource = Pick<AsyncBuffer, "byteLength" | "slice">;

const magic = "PAR1";
const leastBytes = 12;

/**
 * The number of rows that a Parquet file's footer says. Rows themselves are read by who uses them.
 * @throws Unfit when there is no footer, or its columns are not the schema's.
 */
export async function readFooter(file: ByteSource, schema: RecordSchema): Promise<number> {
  if (file.byteLength === 0) throw new Unfit("is empty");
  const end = file.byteLength < leastBytes ? "" : await text(file, file.byteLength - magic.length);
  if (end !== magic) throw new Unfit("is a Parquet file without footer: it is cut off, or no Parquet file");
  const { schema: elements, num_rows } = await metadata(file);
  checkColumns(topLevel(elements), schema);
  return Number(num_rows);
}

/** @throws Unfit when `head`, the first bytes of a file, are not those of a Parquet file. */
export function checkMagic(head: Buffer): void {
  if (head.length > 0 && head.toString("latin1", 0, magic.length) !== magic) {
    throw new Unfit("is no Parquet file, which its name says it is");
  }
}

async function metadata(file: ByteSource): Promise<FileMetaData> {
  try {
    return await parquetMetadataAsync(file);
  } catch (error) {
    if (!(error instanceof Error) || "$metadata" in error) throw error; // S3's
    throw new Unfit(`is a Parquet file whose footer cannot be read (${error.message})`);
  }
}

const text = async (file: ByteSource, from: number) => Buffer.from(await file.slice(from)).toString("latin1");

/** Names of the columns; what is nested in one is no column of its own. `elements` is a tree, depth first. */
function topLevel(elements: FileMetaData["schema"]): string[] {
  const columns: string[] = [];
  const skip = (at: number): number => {
    let next = at + 1;
    for (let child = 0; child < (elements[at]?.num_children ?? 0); child++) next = skip(next);
    return next;
  };
  for (let at = 1; at < elements.length; at = skip(at)) columns.push(elements[at]!.name);
  return columns;
}
