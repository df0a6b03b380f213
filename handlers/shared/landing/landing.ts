import { type Readable } from "node:stream";
import { type RecordSchema, recordSchema } from "../schema";
import { checkIdentity, type Identity, pathOf } from "./identity";
import { Input } from "./input";
import { inspect } from "./inspection";
import { isSetAside, setAside } from "./set-aside";
import { Unfit } from "./shape";
import { type Store } from "./store";

/** One input, on its way into the data bucket. */
export interface Landing extends Identity {
  body: Readable;
}

/** An object under `raw/`, as its manifest says. */
export interface Landed {
  object: string;
  rows: number;
  bytes: number;
  sha256: string;
  origin: string;
}

/** An input that did not fit. `object` is where its bytes are, or would be. */
export interface SetAside {
  object: string;
  origin: string;
  reason: string;
}

/** What one run of a source did. */
export interface IngestResult {
  source: string;
  landed: Landed[];
  setAside: SetAside[];
  /** What the next run goes on with. */
  waiting?: string;
}

export { type Format, type Identity, nameOf, type Position } from "./identity";

export const manifestEnding = ".manifest.json";

/**
 * Lands one input: its bytes as they are under `raw/<source>/<date>/`, and then, last, the manifest beside them, without
 * which the object does not count. An input without the schema's shape is set aside instead, and announced.
 * @returns `already` when the same input was landed or set aside before; its body is then not read.
 * @throws the body's error, or the store's; then nothing has landed, and the same call may be made again.
 */
export async function land(
  store: Store,
  landing: Landing,
  schema: RecordSchema = recordSchema,
): Promise<Landed | SetAside | "already"> {
  checkIdentity(landing);
  const { body, ...identity } = landing;
  const object = `raw/${pathOf(landing)}`;
  if (await isDone(store, landing, schema)) {
    body.destroy();
    return "already";
  }
  const input = new Input(body, inspect(landing.format, landing.gzip, schema));
  const early = await input.peek();
  if (early) return setAside(store, identity, early, input.content(), schema);

  await store.write(object, input.content());
  const outcome = await input.rows({
    byteLength: input.bytes,
    slice: (start, end = input.bytes) => store.readRange(object, start, end),
  });
  if (outcome instanceof Unfit) {
    const aside = await setAside(store, identity, outcome, await store.read(object), schema);
    // not when another run, whose connection brought all of it, has landed it meanwhile
    if (!(await store.exists(`${object}${manifestEnding}`))) await store.remove(object);
    return aside;
  }
  return finish(store, identity, { rows: outcome, bytes: input.bytes, sha256: input.sha256() });
}

/** Whether the input needs no landing: it has been landed, or set aside under the schema at hand. */
export async function isDone(
  store: Store,
  identity: Identity,
  schema: RecordSchema = recordSchema,
): Promise<boolean> {
  if (await store.exists(`raw/${pathOf(identity)}${manifestEnding}`)) return true;
  return isSetAside(store, identity, schema);
}

async function finish(
  store: Store,
  { source, origin, position, format, ...identity }: Identity,
  measured: Pick<Landed, "rows" | "bytes" | "sha256">,
): Promise<Landed> {
  const object = `raw/${pathOf({ source, origin, format, ...identity })}`;
  const landedAt = new Date().toISOString();
  const manifest = { source, object, origin, position, format, ...measured, landedAt };
  await store.write(`${object}${manifestEnding}`, JSON.stringify(manifest, null, 2));
  return { object, origin, ...measured };
}
