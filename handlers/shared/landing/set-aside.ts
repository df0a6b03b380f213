import { createHash } from "node:crypto";
import { type Readable } from "node:stream";
import { type RecordSchema, recordSchema } from "../schema";
import { type AnyIdentity, pathOf } from "./identity";
import { type SetAside } from "./landing";
import { type Unfit } from "./shape";
import { readText, type Store } from "./store";

export const reasonEnding = ".reason.json";

/** Says which schema an input did not fit: under another one it is tried again. */
export const schemaDigest = (schema: RecordSchema = recordSchema) =>
  createHash("sha256").update(JSON.stringify(schema)).digest("hex").slice(0, 16);

/**
 * Keeps an input that cannot be landed below `rejected/`, tells the subscribers, and last writes the reason beside it, so
 * that it is told once. Without `body`, when the bytes were not to be had or are too many, the reason is all.
 */
export async function setAside(
  store: Store,
  identity: AnyIdentity,
  fault: Unfit,
  body?: Readable,
  schema: RecordSchema = recordSchema,
): Promise<SetAside> {
  const { source, name, origin, position } = identity;
  const object = `rejected/${pathOf(identity)}`;
  const reason = `${origin} ${fault.message}`;
  const at = new Date().toISOString();
  if (body) await store.write(object, body);
  await store.announce({
    kind: "data.rejected",
    stack: store.stack,
    severity: "warning",
    time: at,
    id: `${source}/${name}`,
    detail: { reason, rejected: 0, read: 0, source, origin, object, row: fault.row },
  });
  const note = { source, object, origin, position, reason, row: fault.row, schema: schemaDigest(schema), at };
  await store.write(`${object}${reasonEnding}`, JSON.stringify(note, null, 2));
  return { object, origin, reason };
}

/** Whether the input was set aside before, under this schema. */
export async function isSetAside(
  store: Store,
  identity: AnyIdentity,
  schema: RecordSchema = recordSchema,
): Promise<boolean> {
  const text = await readText(store, `rejected/${pathOf(identity)}${reasonEnding}`);
  return text !== undefined && (JSON.parse(text) as { schema?: string }).schema === schemaDigest(schema);
}
