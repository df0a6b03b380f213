import * as v from "valibot";
import { readText, type Store } from "./store";

const keyOf = (source: string) => `sources/${source}/state.json`;

/**
 * What a source remembers from run to run: an ETag, a watermark, a job that goes on elsewhere.
 * @returns `start` when the source has not run yet.
 * @throws Error when the state is not as `schema` says: it was written by hand, or by another version.
 */
export async function readState<Schema extends v.GenericSchema>(
  store: Pick<Store, "read">,
  source: string,
  schema: Schema,
  start: v.InferOutput<Schema>,
): Promise<v.InferOutput<Schema>> {
  const text = await readText(store, keyOf(source));
  if (text === undefined) return start;
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (result.success) return result.output;
  throw new Error(
    `${keyOf(source)} in the data bucket is not what the source ${source} has written: ${result.issues[0].message}. ` +
      "Put an earlier version of the object back, or delete it to begin anew.",
  );
}

/** Call it after what the state stands for has landed. */
export async function writeState(store: Pick<Store, "write">, source: string, state: unknown): Promise<void> {
  await store.write(keyOf(source), JSON.stringify(state, null, 2));
}
