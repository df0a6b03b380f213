import { type Change, objectChanges, recordChanges } from "./changes";
import { type ReleaseContext } from "./context";
import { currentRelease } from "./current";
import { changedFiles, commit } from "./git";
import { readRecord, type ReleaseRecord } from "./record";
import { type Ingredients, readIngredients, releaseId } from "./release-id";
import { lookAtReleaseData } from "./data";
import { type RowCounts } from "../data/tally";
import { type Shift } from "../../handlers/shared/shift";
import { readSnapshot } from "../data/snapshot";

/** What a release of the working tree and of the data in the bucket would be, beside what is served. */
export interface ReleaseDiff {
  /** Of the release that it would be. */
  release: string;
  /** The release that is served now. */
  served: string | null;
  /** Whether it would be trained: it was not before. */
  trains: boolean;
  /** Whether what is served would change, should the gate accept it. */
  deploys: boolean;
  /** Objects that came, went or changed. */
  data: Change[];
  rows: { before: RowCounts | null; now: RowCounts };
  /** Greatest first; none when the data is the same or nothing is served. */
  shift: Shift[];
  /** Files of the working tree that differ from the served release's commit, as git names them: `M model-image/...`. */
  code: string[];
  commit: { served: string | null; now: string | null };
  imageSource: Change[];
  hyperparameters: Change[];
  schema: boolean;
}

/** Looks, and changes nothing: takes no snapshot, builds no image, starts no job. */
export async function diffRelease(context: ReleaseContext): Promise<ReleaseDiff> {
  const { clients, outputs, imageBase } = context;
  const { snapshot: data, shift } = await lookAtReleaseData(context);
  const ingredients = readIngredients(data.hash, outputs.imageUri, imageBase, outputs.problem);
  const id = releaseId(ingredients);
  const served = await servedRecord(context);
  const before = served?.ingredients;
  const was = before && (await readSnapshot(clients.s3, outputs.dataBucket, before.snapshot));
  return {
    release: id,
    served: served?.id ?? null,
    trains: !(await readRecord(clients.s3, outputs.dataBucket, id)),
    deploys: served?.id !== id,
    data: objectChanges(was, data),
    rows: { before: was?.rows ?? null, now: data.rows },
    shift,
    code: served?.commit ? await changedFiles(served.commit) : [],
    commit: { served: served?.commit ?? null, now: (await commit()) ?? null },
    imageSource: before ? recordChanges(source(before), source(ingredients)) : [],
    hyperparameters: before ? recordChanges(before.hyperparameters, ingredients.hyperparameters) : [],
    schema: before !== undefined && before.schema !== ingredients.schema,
  };
}

/** The record of the release that a stack is to serve; undefined for none. */
export async function servedRecord({ clients, outputs }: ReleaseContext): Promise<ReleaseRecord | undefined> {
  const served = await currentRelease(clients.ssm, outputs);
  return served && readRecord(clients.s3, outputs.dataBucket, served.id);
}

const source = ({ imageSource }: Ingredients) => ({ "source of the image": imageSource });
