import { isDeepStrictEqual } from "node:util";
import { type Schema } from "../project";
import { type ReleaseContext } from "./context";
import { readReleaseSchema, type ReleaseRecord } from "./record";
import { readSnapshot, type Snapshot } from "../data/snapshot";

/** Something that is not what it was; undefined for absent. */
export interface Change {
  what: string;
  before?: string;
  after?: string;
}

/** What a release is made of that its champion is not, and the other way round, by area. */
export interface Changes {
  data: Change[];
  code: Change[];
  hyperparameters: Change[];
  schema: Change[];
}

/** What has changed from the release `before` to the release `after`. */
export async function changesBetween(
  { clients, outputs }: ReleaseContext,
  before: ReleaseRecord,
  after: ReleaseRecord,
): Promise<Changes> {
  const both = <T>(read: (record: ReleaseRecord) => Promise<T>) => Promise.all([read(before), read(after)]);
  const [oldData, newData] = await both(({ ingredients }) =>
    readSnapshot(clients.s3, outputs.dataBucket, ingredients.snapshot),
  );
  const [oldSchema, newSchema] = await both(({ id }) =>
    readReleaseSchema(clients.s3, outputs.dataBucket, id),
  );
  return {
    data: [
      ...differences({
        "rows to learn from": [rows(before, "train"), rows(after, "train")],
        "held-out rows": [rows(before, "test"), rows(after, "test")],
      }),
      ...objectChanges(oldData, newData),
    ],
    code: differences({
      commit: [before.commit, after.commit],
      image: [digest(before), digest(after)],
    }),
    hyperparameters: recordChanges(before.ingredients.hyperparameters, after.ingredients.hyperparameters),
    schema: schemaChanges(oldSchema, newSchema, before, after),
  };
}

const rows = ({ metrics }: ReleaseRecord, part: string) => metrics[`${part}:rows`]?.toString();
const digest = ({ ingredients }: ReleaseRecord) => ingredients.imageUri.split("@").at(-1);

const differences = (pairs: Record<string, [string | undefined, string | undefined]>): Change[] =>
  Object.entries(pairs)
    .filter(([, [before, after]]) => before !== after)
    .map(([what, [before, after]]) => ({ what, before, after }));

/** What differs in two records, by name. */
export function recordChanges(before: Record<string, string>, after: Record<string, string>): Change[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return differences(Object.fromEntries(names.map((name) => [name, [before[name], after[name]]])));
}

/** Objects that came, went or changed. */
export function objectChanges(before: Snapshot | undefined, after: Snapshot | undefined): Change[] {
  const contents = (snapshot: Snapshot | undefined) =>
    Object.fromEntries(
      (snapshot?.objects ?? []).map(({ key, size, sha256 }) => [
        key,
        `${size} bytes, ${sha256.slice(0, 12)}`,
      ]),
    );
  return recordChanges(contents(before), contents(after));
}

function schemaChanges(
  before: Schema | undefined,
  after: Schema | undefined,
  ...[oldRelease, newRelease]: [ReleaseRecord, ReleaseRecord]
): Change[] {
  if (oldRelease.ingredients.schema === newRelease.ingredients.schema) return [];
  const fields = (schema: Schema | undefined) =>
    Object.fromEntries(
      Object.entries(schema?.properties ?? {}).map(([name, field]) => [name, JSON.stringify(field)]),
    );
  const changed = recordChanges(fields(before), fields(after));
  const known = before && after && !isDeepStrictEqual(fields(before), fields(after));
  return known ? changed : [{ what: "schema.json", before: "another one", after: "this one" }];
}
