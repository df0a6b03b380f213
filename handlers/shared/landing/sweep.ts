import pLimit from "p-limit";
import { type Store } from "./store";

const removalsAtOnce = 8;

/**
 * Removes what a service of AWS has written to `incoming/<source>/`, so that it is not kept twice. Call it when all that
 * it has written has landed and the source's state says so: what a run that was killed or a failed attempt has left goes
 * as well. The bucket keeps removed objects for as long as it keeps old versions.
 */
export async function sweep(store: Pick<Store, "list" | "remove">, source: string): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of store.list(`incoming/${source}/`)) keys.push(key);
  await pLimit(removalsAtOnce).map(keys, (key) => store.remove(key));
}
